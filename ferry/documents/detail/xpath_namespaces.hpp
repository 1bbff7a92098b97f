#pragma once

#include "ferry/documents/tree.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::xpath::detail {

/// A namespace node of XPath is `namespace_bit` and its number among those in scope of its element,
/// from 1, in the place of an attribute's index plus one.
inline constexpr std::uint32_t namespace_bit = 0x8000'0000;

/// Calls `visit(prefix, uri)` for the namespaces in scope of an element, until it returns false:
/// `xml` first, then those that are declared, the nearest declarations last, as libxml2 orders
/// them. Trees of HTML have none that XPath can see.
/// \returns the attributes that were looked at.
template <class Visit>
std::size_t for_each_namespace(const documents::tree& of, documents::node_id element,
                               const Visit& visit)
{
    if (of.is_html() || !of.is_element(element)) return 0;
    std::size_t looked_at = 1;
    if (!visit(std::string_view("xml"), std::string_view("http://www.w3.org/XML/1998/namespace")))
        return looked_at;
    std::vector<std::pair<std::string_view, std::string_view>> declared;  // the nearest first
    for (auto n = element; n != documents::no_node; n = of.parent(n)) {
        ++looked_at;
        for (const documents::attribute& a : of.attributes(n)) {
            ++looked_at;
            if (a.space != documents::ns::xmlns || !of.is_element(n)) continue;
            const std::string_view prefix = a.prefix == 0 ? std::string_view() : of.name(a.name);
            looked_at += declared.size();
            const auto is_it = [prefix](const auto& known) { return known.first == prefix; };
            if (prefix != "xml" && std::none_of(declared.begin(), declared.end(), is_it))
                declared.emplace_back(prefix, of.value(a));
        }
    }
    for (auto d = declared.rbegin(); d != declared.rend(); ++d) {
        if (!d->second.empty() && !visit(d->first, d->second)) break;
    }
    return looked_at;
}

struct scoped_namespace {
    std::string_view prefix;
    std::string_view uri;
};

/// The one of that number.
inline scoped_namespace namespace_of(const documents::tree& of, documents::node_id element,
                                     std::uint32_t number)
{
    scoped_namespace found;
    for_each_namespace(of, element, [&](std::string_view prefix, std::string_view uri) {
        found = {prefix, uri};
        return --number != 0;
    });
    return found;
}

}  // namespace ferry::xpath::detail

// Any bytes are a page: parsing, serialising and parsing again must neither crash nor hang, and the
// tree must hold together.

#include "ferry/documents/html.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void check(const ferry::documents::tree& t)
{
    for (ferry::documents::node_id n = 1; n < t.size(); ++n) {
        const auto parent = t.parent(n);
        if (parent >= n || t.end(n) > t.end(parent) || t.end(n) <= n) std::abort();
        const auto next = t.next_sibling(n);
        if (next != ferry::documents::no_node && t.previous_sibling(next) != n) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto page = ferry::html::parse(bytes, "", ferry::html::options().collect_errors(true));
    check(page.tree());
    check(ferry::html::parse(page.to_html()).tree());
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const char* context : {"div", "table", "select", "template", "svg path", "math mi"}) {
        const auto fragment = ferry::html::parse_fragment(
            text, context, ferry::html::options().scripting(size % 2 == 0));
        check(fragment.tree());
        fragment.to_html();
    }
    return 0;
}

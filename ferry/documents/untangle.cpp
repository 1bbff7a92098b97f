#include "ferry/documents/untangle.hpp"

#include <algorithm>

namespace ferry::untangle {

namespace {

using documents::no_node;
using documents::node_id;

constexpr std::string_view python_keywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

/// untangle's spelling of a name.
std::string mangled(std::string_view name)
{
    std::string out(name);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '-' || c == '.' || c == ':'; }, '_');
    if (std::binary_search(std::begin(python_keywords), std::end(python_keywords), out)) out += '_';
    return out;
}

xml::options how()
{
    return xml::options().namespaces(false).forbid_entities(true).keep_instructions(false);
}

}  // namespace

object make(xml::document of)
{
    return {std::move(of), {documents::tree::root()}, ""};
}

object parse(std::string_view text)
{
    return make(xml::parse(text, how()));
}

object parse(std::span<const std::byte> bytes, std::string_view charset)
{
    return make(xml::parse(bytes, charset, how()));
}

object parse_file(const std::filesystem::path& file)
{
    return make(xml::parse_file(file, how()));
}

void object::missing(std::string_view what) const
{
    throw lookup_error(path_.empty() || what.starts_with('@') || what.starts_with('[')
                           ? path_ + std::string(what)
                           : path_ + '.' + std::string(what));
}

std::vector<node_id> object::find(std::string_view name) const
{
    std::vector<node_id> found;
    if (attribute_ != ferry::xpath::node::no_attribute) return found;
    const documents::tree& t = document_.tree();
    const documents::name_id exact = t.find_name(name);
    for (node_id n = t.first_child(nodes_.front()); n != no_node; n = t.next_sibling(n))
        if (t.is_element(n) && t[n].name == exact) found.push_back(n);
    if (!found.empty() || name.find('_') == std::string_view::npos) return found;
    for (node_id n = t.first_child(nodes_.front()); n != no_node; n = t.next_sibling(n))
        if (t.is_element(n) && mangled(t.local_name(n)) == name) found.push_back(n);
    return found;
}

object object::operator[](std::string_view name) const
{
    if (name.starts_with('@')) {
        const documents::tree& t = document_.tree();
        const auto attributes = attribute_ == ferry::xpath::node::no_attribute
                                    ? t.attributes(nodes_.front())
                                    : std::span<const documents::attribute>();
        for (std::uint32_t i = 0; i < attributes.size(); ++i) {
            if (t.name(attributes[i].name) != name.substr(1)) continue;
            object made(document_, {nodes_.front()}, path_ + std::string(name));
            made.attribute_ = i;
            return made;
        }
        missing(name);
    }
    std::vector<node_id> found = find(name);
    if (found.empty()) missing(name);
    return {document_, std::move(found),
            path_.empty() ? std::string(name) : path_ + '.' + std::string(name)};
}

object object::operator[](std::size_t index) const
{
    if (index >= nodes_.size()) missing('[' + std::to_string(index) + ']');
    object made(document_, {nodes_[index]},
                nodes_.size() == 1 ? path_ : path_ + '[' + std::to_string(index) + ']');
    made.attribute_ = attribute_;
    return made;
}

object object::at(std::string_view path) const
{
    object now = *this;
    while (!path.empty()) {
        if (path[0] == '.') {
            path.remove_prefix(1);
            continue;
        }
        if (path[0] == '[') {
            const std::size_t end = path.find(']');
            if (end == std::string_view::npos || end == 1) now.missing(path);
            std::size_t index = 0;
            for (const char c : path.substr(1, end - 1)) {
                if (c < '0' || c > '9' || index > 0xffff'ffff) now.missing(path);
                index = index * 10 + static_cast<std::size_t>(c - '0');
            }
            now = now[index];
            path.remove_prefix(end + 1);
            continue;
        }
        // Dots may be part of a name: the longest name that there is, is meant.
        std::size_t end = path.size();
        for (;;) {
            if (now.contains(path.substr(0, end))) break;
            const std::size_t shorter = path.find_last_of(".@[", end - 1);
            if (shorter == std::string_view::npos || shorter == 0) {
                now.missing(path.substr(0, path.find_first_of(".@[", 1)));
            }
            end = shorter;
        }
        now = now[path.substr(0, end)];
        path.remove_prefix(end);
    }
    return now;
}

bool object::contains(std::string_view name) const
{
    if (name.starts_with('@')) return attr(name.substr(1)).has_value();
    return !find(name).empty();
}

std::optional<std::string> object::attr(std::string_view name) const
{
    if (attribute_ != ferry::xpath::node::no_attribute) return std::nullopt;
    const auto found = document_.tree().attribute_value(nodes_.front(), name);
    return found ? std::optional(std::string(*found)) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> object::attributes() const
{
    std::vector<std::pair<std::string, std::string>> all;
    if (attribute_ != ferry::xpath::node::no_attribute) return all;
    const documents::tree& t = document_.tree();
    if (!t.is_element(nodes_.front())) return all;
    for (const documents::attribute& a : t.attributes(nodes_.front()))
        all.emplace_back(t.name(a.name), t.value(a));
    return all;
}

std::string object::cdata() const
{
    const documents::tree& t = document_.tree();
    if (attribute_ != ferry::xpath::node::no_attribute)
        return std::string(t.value(t.attributes(nodes_.front())[attribute_]));
    std::string text;
    for (node_id n = t.first_child(nodes_.front()); n != no_node; n = t.next_sibling(n))
        if (t.kind(n) == documents::node_kind::text) text += t.text(n);
    return text;
}

std::string object::name() const
{
    const documents::tree& t = document_.tree();
    if (attribute_ != ferry::xpath::node::no_attribute)
        return '@' + std::string(t.name(t.attributes(nodes_.front())[attribute_].name));
    return t.is_element(nodes_.front()) ? std::string(t.local_name(nodes_.front())) : std::string();
}

std::vector<object> object::children() const
{
    std::vector<object> all;
    if (attribute_ != ferry::xpath::node::no_attribute) return all;
    const documents::tree& t = document_.tree();
    for (node_id n = t.first_child(nodes_.front()); n != no_node; n = t.next_sibling(n))
        if (t.is_element(n))
            all.push_back(object(document_, {n}, path_ + '.' + std::string(t.local_name(n))));
    return all;
}

std::vector<object> object::get_elements(std::string_view name) const
{
    std::vector<object> all;
    for (const node_id n : find(name))
        all.push_back(object(document_, {n}, path_ + '.' + std::string(name)));
    return all;
}

}  // namespace ferry::untangle

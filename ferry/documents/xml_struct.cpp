#include "ferry/documents/xml_struct.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/documents/xmltodict.hpp"

namespace ferry::xml::detail {

std::string_view stripped(std::string_view text) noexcept
{
    constexpr std::string_view space = " \t\r\n";
    const std::size_t from = text.find_first_not_of(space);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(space) + 1 - from);
}

value plain_value(std::string_view text)
{
    text = stripped(text);
    if (text == "true") return value(true);
    if (text == "false") return value(false);
    // XML Schema allows a plus in front, and zeros.
    std::string_view digits = text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    while (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
        digits.remove_prefix(1);
    if (!digits.empty() && digits[0] >= '0' && digits[0] <= '9') {
        try {
            return json::parse((negative ? "-" : "") + std::string(digits));
        } catch (const error&) {
            // a date, a version: a text that begins with a digit
        }
    }
    return value(std::string(text));
}

value dictionary_of(const element& e)
{
    const value made = xmltodict::parse(e.to_xml());
    return (*made.items().begin()).second;
}

bool is_empty(const element& e)
{
    return e.attrib().empty() && e.children().empty() && stripped(e.text_content()).empty();
}

std::vector<element> named(const element& e, std::string_view name)
{
    std::vector<element> found;
    for (const element& child : e.children()) {
        const bool same = child.local_name() == name ||
                          (name.starts_with('{') && child.tag() == name) ||
                          (name.find(':') != std::string_view::npos &&
                           child.tree().qualified_name(child.id()) == name);
        if (same) found.push_back(child);
    }
    return found;
}

void throw_several(std::string_view name, std::size_t count)
{
    throw type_error("$." + std::string(name), "one element", std::to_string(count));
}

}  // namespace ferry::xml::detail

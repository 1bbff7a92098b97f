#include "ferry/documents/detail/xmltodict_text.hpp"

#include "ferry/core/utf8.hpp"

namespace ferry::xmltodict::detail {

namespace {

bool is_python_space(char32_t c) noexcept
{
    return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace

std::string_view stripped(std::string_view text) noexcept
{
    const auto is_plain = [](char c) { return c > ' ' && c != '\x7f'; };
    if (!text.empty() && is_plain(text.front()) && is_plain(text.back())) return text;
    while (!text.empty()) {
        const auto first = utf8::decode(text);
        if (!is_python_space(first.code_point)) break;
        text.remove_prefix(first.size);
    }
    while (!text.empty()) {
        std::size_t at = text.size() - 1;
        while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
        if (!is_python_space(utf8::decode(text, at).code_point)) break;
        text = text.substr(0, at);
    }
    return text;
}

}  // namespace ferry::xmltodict::detail

#include "ferry/formats/detail/yaml_surrogates.hpp"

#include "ferry/core/utf8.hpp"

#include <cstddef>

namespace ferry::yaml::detail {
namespace {

constexpr std::string_view shown = "\\u";
constexpr std::string_view hidden = "\\U0010";
constexpr char32_t plane = 0x100000;

/// How U+10D800 to U+10DFFF begin in UTF-8, before a byte of at least 0xA0.
constexpr std::string_view private_lead = "\xF4\x8D";

bool has(std::string_view characters, char c) noexcept
{
    return characters.find(c) != std::string_view::npos;
}

/// Whether the digits at `at` are those of a surrogate: D800 to DFFF.
bool surrogate_digits(std::string_view text, std::size_t at) noexcept
{
    constexpr std::string_view second = "89abcdefABCDEF";
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    return text.size() - at >= 4 && (text[at] == 'd' || text[at] == 'D') &&
           has(second, text[at + 1]) && has(hex, text[at + 2]) && has(hex, text[at + 3]);
}

/// The text with `to` for each `from` that stands before a surrogate's digits and, in escaped text,
/// does not follow a backslash that is escaped by another.
std::string exchanged(std::string_view text, std::string_view from, std::string_view to,
                      bool escaped)
{
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        if (text.substr(at).starts_with(from) && surrogate_digits(text, at + from.size())) {
            out += to;
            at += from.size();
        } else if (escaped && text[at] == '\\' && at + 1 < text.size()) {
            out += text.substr(at, 2);
            at += 2;
        } else {
            out += text[at++];
        }
    }
    return out;
}

}  // namespace

bool looks_like_hidden_surrogates(std::string_view text) noexcept
{
    for (std::size_t at = 0; (at = text.find(private_lead, at)) != std::string_view::npos; ++at) {
        if (at + 2 < text.size() && static_cast<unsigned char>(text[at + 2]) >= 0xA0) return true;
    }
    for (std::size_t at = 0; (at = text.find(hidden, at)) != std::string_view::npos; ++at) {
        if (surrogate_digits(text, at + hidden.size())) return true;
    }
    return false;
}

std::optional<std::string> hide_escaped_surrogates(std::string_view document)
{
    constexpr auto none = std::string_view::npos;
    const bool any = document.find("\\ud") != none || document.find("\\uD") != none;
    if (!any || looks_like_hidden_surrogates(document)) return std::nullopt;
    return exchanged(document, shown, hidden, true);
}

std::string show_surrogates(std::string_view scalar, bool escaped)
{
    if (!escaped) return exchanged(scalar, hidden, shown, false);
    std::string out;
    for (std::size_t at = 0; at < scalar.size();) {
        const auto [code_point, size, valid] = utf8::decode(scalar, at);
        if (code_point >= plane + 0xD800 && code_point <= plane + 0xDFFF) {
            utf8::append_surrogate(out, static_cast<char16_t>(code_point - plane));
        } else {
            out += scalar.substr(at, size);
        }
        at += size;
    }
    return out;
}

std::string hide_surrogates(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (const auto surrogate = utf8::surrogate_at(text, at)) {
            utf8::append(out, plane + *surrogate);
            at += 3;
        } else {
            out += text[at++];
        }
    }
    return out;
}

std::string show_escaped_surrogates(std::string_view document)
{
    return exchanged(document, hidden, shown, true);
}

}  // namespace ferry::yaml::detail

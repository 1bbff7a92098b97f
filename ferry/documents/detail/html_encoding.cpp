#include "ferry/documents/detail/html_encoding.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>
#include <cstring>

namespace ferry::documents::detail {

namespace {

constexpr std::size_t prescan_bytes = 1024;

bool starts_with(std::string_view text, std::string_view lower_case_word) noexcept
{
    return text.size() >= lower_case_word.size() &&
           std::ranges::equal(text.substr(0, lower_case_word.size()), lower_case_word, {},
                              [](char c) { return lower(c); });
}

struct raw_attribute {
    std::string name;
    std::string value;
};

/// "Get an attribute". \returns nothing at the end of the tag or of the bytes.
std::optional<raw_attribute> take_attribute(std::string_view& at)
{
    const auto skip_space = [&at] {
        while (!at.empty() && has_class(at[0], is_space)) at.remove_prefix(1);
    };
    while (!at.empty() && (has_class(at[0], is_space) || at[0] == '/')) at.remove_prefix(1);
    if (at.empty() || at[0] == '>') return std::nullopt;
    raw_attribute made;
    do {
        made.name += lower(at[0]);
        at.remove_prefix(1);
    } while (!at.empty() && !has_class(at[0], ends_attribute_name));
    skip_space();
    if (at.empty() || at[0] != '=') return made;
    at.remove_prefix(1);
    skip_space();
    if (at.empty()) return made;
    const char quote = at[0];
    if (quote == '"' || quote == '\'') {
        const std::size_t end = at.find(quote, 1);
        if (end == std::string_view::npos) return std::nullopt;
        for (const char c : at.substr(1, end - 1)) made.value += lower(c);
        at.remove_prefix(end + 1);
        return made;
    }
    while (!at.empty() && at[0] != '>' && !has_class(at[0], is_space)) {
        made.value += lower(at[0]);
        at.remove_prefix(1);
    }
    return made;
}

/// The encoding in a `content` such as `text/html; charset=utf-8`.
std::optional<charset::encoding> charset_in_content(std::string_view content)
{
    for (;;) {
        const std::size_t found = content.find("charset");
        if (found == std::string_view::npos) return std::nullopt;
        content.remove_prefix(found + 7);
        const auto skip_space = [&content] {
            while (!content.empty() && has_class(content[0], is_space)) content.remove_prefix(1);
        };
        skip_space();
        if (content.empty() || content[0] != '=') continue;
        content.remove_prefix(1);
        skip_space();
        if (content.empty()) return std::nullopt;
        const char quote = content[0];
        if (quote == '"' || quote == '\'') {
            const std::size_t end = content.find(quote, 1);
            if (end == std::string_view::npos) return std::nullopt;
            return charset::find(content.substr(1, end - 1));
        }
        return charset::find(content.substr(0, content.find_first_of("\t\n\f\r ;")));
    }
}

/// What a name in a page stands for: one that could be read so far is in none of these.
charset::encoding as_meant(charset::encoding named) noexcept
{
    switch (named) {
        case charset::encoding::utf_16be:
        case charset::encoding::utf_16le: return charset::encoding::utf_8;
        case charset::encoding::x_user_defined: return charset::encoding::windows_1252;
        default: return named;
    }
}

/// Reads the attributes of a `meta`.
std::optional<charset::encoding> read_meta(std::string_view& at)
{
    std::optional<charset::encoding> found;
    bool got_pragma = false;
    bool has_charset = false;
    std::optional<bool> need_pragma;
    std::vector<std::string> seen;
    while (auto a = take_attribute(at)) {
        if (std::ranges::find(seen, a->name) != seen.end()) continue;
        seen.push_back(a->name);
        if (a->name == "http-equiv" && a->value == "content-type") got_pragma = true;
        if (a->name == "content" && !has_charset) {
            if (const auto named = charset_in_content(a->value)) {
                found = named;
                has_charset = true;
                need_pragma = true;
            }
        }
        if (a->name == "charset") {
            found = charset::find(a->value);
            has_charset = true;
            need_pragma = false;
        }
    }
    const bool is_whole = !at.empty();
    if (!is_whole || !need_pragma || (*need_pragma && !got_pragma) || !found) return std::nullopt;
    return as_meant(*found);
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::optional<charset::encoding> prescan(std::string_view bytes)
{
    std::string_view at = bytes.substr(0, prescan_bytes);
    while (!at.empty()) {
        if (at.starts_with("<!--")) {
            // The dashes of the start may be those of the end.
            const std::size_t end = at.find("-->", 2);
            if (end == std::string_view::npos) return std::nullopt;
            at.remove_prefix(end + 3);
        } else if (starts_with(at, "<meta") && at.size() > 5 &&
                   (has_class(at[5], is_space) || at[5] == '/')) {
            at.remove_prefix(5);
            if (const auto found = read_meta(at)) return found;
        } else if (at.size() > 1 && at[0] == '<' &&
                   (has_class(at[1], is_letter) ||
                    (at[1] == '/' && at.size() > 2 && has_class(at[2], is_letter)))) {
            const std::size_t end = at.find_first_of("\t\n\f\r >");
            if (end == std::string_view::npos) return std::nullopt;
            at.remove_prefix(end);
            while (take_attribute(at)) {
            }
        } else if (at.size() > 1 && at[0] == '<' &&
                   (at[1] == '!' || at[1] == '/' || at[1] == '?')) {
            const std::size_t end = at.find('>');
            if (end == std::string_view::npos) return std::nullopt;
            at.remove_prefix(end);
        } else {
            at.remove_prefix(1);
            at.remove_prefix(std::min(at.find('<'), at.size()));
        }
    }
    return std::nullopt;
}

std::optional<charset::encoding> named_by_meta(const tree& page)
{
    const name_id meta = page.find_name("meta");
    if (meta == no_name) return std::nullopt;
    const auto value_of = [&page](node_id n, std::string_view name) {
        const attribute* const found = page.find_attribute(n, page.find_name(name));
        std::string made(found != nullptr ? page.value(*found) : std::string_view());
        std::ranges::transform(made, made.begin(), [](char c) { return lower(c); });
        return made;
    };
    for (node_id n = 1; n < page.size(); ++n) {
        if (!page.is_element(n) || page[n].name != meta || page[n].space != ns::html) continue;
        auto named = charset::find(value_of(n, "charset"));
        if (!named && value_of(n, "http-equiv") == "content-type")
            named = charset_in_content(value_of(n, "content"));
        if (named) return as_meant(*named);
    }
    return std::nullopt;
}

decoded_html decode_html(std::span<const std::byte> bytes, std::string_view charset, bool detect)
{
    if (const auto mark = charset::sniff_bom(bytes))
        return {charset::decode(bytes.subspan(mark->size), mark->encoding), mark->encoding};
    std::optional<charset::encoding> named = charset::find(charset);
    if (!named) named = prescan(as_text(bytes));
    const bool is_guess = !named;
    if (is_guess) {
        if (utf8::valid(as_text(bytes)))
            named = charset::encoding::utf_8;
        else if (detect)
            named = likely_encoding(as_text(bytes));
        if (!named) named = charset::encoding::windows_1252;
    }
    return {charset::decode(bytes, *named), *named, is_guess};
}

void normalise_line_ends(std::string& text)
{
    std::size_t from = text.find('\r');
    if (from == std::string::npos) return;
    std::size_t to = from;
    while (from < text.size()) {
        // text[from] is a CR.
        text[to++] = '\n';
        from += from + 1 < text.size() && text[from + 1] == '\n' ? 2 : 1;
        const std::size_t next = std::min(text.find('\r', from), text.size());
        std::memmove(text.data() + to, text.data() + from, next - from);
        to += next - from;
        from = next;
    }
    text.resize(to);
}

}  // namespace ferry::documents::detail

#include "ferry/core/detail/url_parser.hpp"

#include "ferry/core/detail/url_host.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>
#include <array>

namespace ferry::detail {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_windows_drive(std::string_view text)
{
    return text.size() == 2 && is_alpha(text[0]) && (text[1] == ':' || text[1] == '|');
}

bool starts_with_windows_drive(std::string_view text)
{
    return is_windows_drive(text.substr(0, 2)) &&
           (text.size() == 2 || std::string_view{"/\\?#"}.find(text[2]) != npos);
}

/// `/C:` at the front of a path: the drive letter cannot be left by `..`.
bool path_begins_with_drive(std::string_view path)
{
    return path.size() >= 3 && is_alpha(path[1]) && path[2] == ':' &&
           (path.size() == 3 || path[3] == '/');
}

/// The number of dots that a segment consists of, each spelled `.` or `%2e`; 3 for anything else.
int dots(std::string_view segment)
{
    int count = 0;
    while (!segment.empty() && count < 3) {
        const bool encoded = segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' &&
                             (segment[2] == 'e' || segment[2] == 'E');
        if (segment[0] != '.' && !encoded) return 3;
        segment.remove_prefix(encoded ? 3 : 1);
        ++count;
    }
    return count == 0 ? 3 : count;
}

/// What the path state copies as it is: neither in the path set nor `\`; `.` and `%` only where
/// they cannot be part of a dot segment.
bool is_plain_path(std::string_view text)
{
    if (text.starts_with('.') || text.starts_with("%2")) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (percent::path.contains(text[i]) || text[i] == '\\') return false;
        if (text[i] == '/' && i + 1 < text.size() && (text[i + 1] == '.' || text[i + 1] == '%')) {
            return false;
        }
    }
    return true;
}

/// Without controls and spaces around it, tabs and line ends in it, and malformed UTF-8. `scratch`
/// holds the text if it had to be changed.
std::string_view clean(std::string_view text, std::string& scratch)
{
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
    bool has_breaks = false;
    bool has_high = false;
    for (const char c : text) {
        has_breaks |= c == '\t' || c == '\n' || c == '\r';
        has_high |= static_cast<unsigned char>(c) >= 0x80;
    }
    if (has_high && !utf8::valid(text)) {
        scratch = utf8::repair(text);
    } else if (has_breaks) {
        scratch = text;
    } else {
        return text;
    }
    if (has_breaks) {
        std::erase_if(scratch, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
    }
    return scratch;
}

}  // namespace

const char* url_parser::parse(std::string_view text)
{
    std::string scratch;
    std::string href = std::move(out_.href_);
    out_ = url{};
    out_.href_ = std::move(href);
    out_.href_.clear();
    const char* wrong = start(clean(text, scratch));
    if (wrong != nullptr) {
        href = std::move(out_.href_);
        out_ = url{};
        out_.href_ = std::move(href);
        out_.href_.clear();
    }
    return wrong;
}

const char* url_parser::start(std::string_view text)
{
    constexpr std::array<std::string_view, 7> schemes{"",    "http", "https", "ws",
                                                      "wss", "ftp",  "file"};
    std::size_t end = 0;
    if (!text.empty() && is_alpha(text[0])) {
        while (end < text.size() && (is_alpha(text[end]) || is_digit(text[end]) ||
                                     text[end] == '+' || text[end] == '-' || text[end] == '.')) {
            ++end;
        }
    }
    std::string& href = out_.href_;
    if (end > 0 && end < text.size() && text[end] == ':') {
        href.reserve(text.size() + 8);
        href.append(text, 0, end);
        for (char& c : href) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        const auto* known = std::find(schemes.begin() + 1, schemes.end(), href);
        if (known != schemes.end()) out_.kind_ = static_cast<kind>(known - schemes.begin());
        out_.scheme_end_ = here();
        href += ':';
        return after_scheme(text.substr(end + 1));
    }
    if (base_ == nullptr || base_->empty()) return "no scheme";
    href.reserve(base_->href_.size() + text.size() + 4);
    if (base_->opaque_path_) {
        if (!text.starts_with('#')) return "relative to a URL whose path is opaque";
        take_base(base_->query_end(), true);
        return query_and_fragment(text);
    }
    if (base_->kind_ != kind::file) return relative(text);
    href = "file:";
    out_.kind_ = kind::file;
    out_.scheme_end_ = 4;
    return file(text);
}

const char* url_parser::after_scheme(std::string_view rest)
{
    if (out_.kind_ == kind::file) {
        if (base_ != nullptr && base_->kind_ != kind::file) base_ = nullptr;
        return file(rest);
    }
    if (special()) {
        if (base_ != nullptr && base_->kind_ == out_.kind_ && !rest.starts_with("//")) {
            out_.href_.clear();
            return relative(rest);
        }
        return authority(rest.substr(std::min(rest.find_first_not_of("/\\"), rest.size())));
    }
    if (rest.starts_with("//")) return authority(rest.substr(2));
    no_authority();
    if (rest.starts_with('/')) return path(rest.substr(1));
    return opaque_path(rest);
}

/// Becomes the base up to `end` of its text, which lies at the end of a part.
void url_parser::take_base(std::size_t end, bool with_path)
{
    const url& b = *base_;
    out_.scheme_end_ = b.scheme_end_;
    out_.username_end_ = b.username_end_;
    out_.host_begin_ = b.host_begin_;
    out_.host_end_ = b.host_end_;
    out_.port_ = b.port_;
    out_.kind_ = b.kind_;
    out_.has_host_ = b.has_host_;
    out_.opaque_path_ = b.opaque_path_;
    out_.path_begin_ = with_path ? b.path_begin_ : static_cast<std::uint32_t>(end);
    if (b.has_query() && end > b.query_begin_) out_.query_begin_ = b.query_begin_;
    out_.href_.assign(b.href_, 0, end);
}

const char* url_parser::relative(std::string_view rest)
{
    const url& b = *base_;
    out_.kind_ = b.kind_;
    if (is_slash(rest)) {
        const std::string_view after = rest.substr(1);
        if (is_slash(after)) {
            out_.href_.assign(b.href_, 0, b.scheme_end_ + std::size_t{1});
            out_.scheme_end_ = b.scheme_end_;
            const std::size_t begin = special() ? after.find_first_not_of("/\\") : 1;
            return authority(after.substr(std::min(begin, after.size())));
        }
        take_base(b.authority_end(), false);
        return path(after);
    }
    if (rest.empty() || rest[0] == '#') {
        take_base(b.query_end(), true);
        return query_and_fragment(rest);
    }
    if (rest[0] == '?') {
        take_base(b.path_end(), true);
        return query_and_fragment(rest);
    }
    // What the base's path has behind its last slash goes; so does the "/." that keeps a path
    // from looking like a host, until the new path is known.
    take_base(b.authority_end(), false);
    const std::string_view old = b.path();
    const std::size_t slash = old.rfind('/');
    if (slash != npos) out_.href_.append(old, 0, slash);
    return path(rest);
}

const char* url_parser::authority(std::string_view rest)
{
    out_.href_ += "//";
    out_.has_host_ = true;
    const std::size_t end = std::min(rest.find_first_of(special() ? "/\\?#" : "/?#"), rest.size());
    std::string_view text = rest.substr(0, end);
    const std::uint32_t begin = here();
    out_.username_end_ = begin;
    if (const std::size_t at = text.rfind('@'); at != npos) {
        const std::string_view credentials = text.substr(0, at);
        const std::size_t colon = credentials.find(':');
        append(credentials.substr(0, colon), percent::userinfo);
        out_.username_end_ = here();
        if (colon != npos && colon + 1 < credentials.size()) {
            out_.href_ += ':';
            append(credentials.substr(colon + 1), percent::userinfo);
        }
        if (here() != begin) out_.href_ += '@';
        text.remove_prefix(at + 1);
        if (text.empty()) return "host is empty";
    }
    if (const char* wrong = host_and_port(text)) return wrong;
    return path_start(rest.substr(end));
}

const char* url_parser::host_and_port(std::string_view text)
{
    bool in_brackets = false;
    std::size_t colon = 0;
    for (; colon < text.size(); ++colon) {
        if (text[colon] == '[') in_brackets = true;
        if (text[colon] == ']') in_brackets = false;
        if (text[colon] == ':' && !in_brackets) break;
    }
    const std::string_view host = text.substr(0, colon);
    out_.host_begin_ = here();
    if (host.empty()) {
        if (special() || colon < text.size()) return "host is empty";
    } else if (const char* wrong = append_host(out_.href_, host, special())) {
        return wrong;
    }
    out_.host_end_ = here();
    if (colon < text.size()) {
        if (const char* wrong = port(text.substr(colon + 1))) return wrong;
    }
    out_.path_begin_ = here();
    return nullptr;
}

const char* url_parser::port(std::string_view digits)
{
    if (digits.empty()) return nullptr;
    std::uint32_t number = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return "port is not a number";
        number = number * 10 + static_cast<unsigned>(c - '0');
        if (number > 65535) return "port is above 65535";
    }
    const auto value = static_cast<std::uint16_t>(number);
    if (special() && value == out_.default_port()) return nullptr;
    out_.port_ = value;
    out_.href_ += ':';
    out_.href_ += std::to_string(value);
    return nullptr;
}

const char* url_parser::path_start(std::string_view rest)
{
    if (is_slash(rest)) return path(rest.substr(1));
    if (special() || (!rest.empty() && rest[0] != '?' && rest[0] != '#')) return path(rest);
    return query_and_fragment(rest);
}

const char* url_parser::file(std::string_view rest)
{
    if (is_slash(rest)) return file_slash(rest.substr(1));
    if (base_ == nullptr) {
        out_.href_ += "//";
        out_.has_host_ = true;
        no_authority();
        return path(rest);
    }
    const url& b = *base_;
    if (rest.empty() || rest[0] == '#') {
        take_base(b.query_end(), true);
        return query_and_fragment(rest);
    }
    if (rest[0] == '?') {
        take_base(b.path_end(), true);
        return query_and_fragment(rest);
    }
    take_base(b.authority_end(), false);
    if (!starts_with_windows_drive(rest)) {
        out_.href_ += b.path();
        shorten_path();
    }
    return path(rest);
}

const char* url_parser::file_slash(std::string_view rest)
{
    if (is_slash(rest)) return file_host(rest.substr(1));
    if (base_ == nullptr) {
        out_.href_ += "//";
        out_.has_host_ = true;
        no_authority();
        return path(rest);
    }
    take_base(base_->authority_end(), false);
    if (!starts_with_windows_drive(rest) && path_begins_with_drive(base_->path())) {
        out_.href_.append(base_->path(), 0, 3);
    }
    return path(rest);
}

const char* url_parser::file_host(std::string_view rest)
{
    out_.href_ += "//";
    out_.has_host_ = true;
    no_authority();
    const std::size_t end = std::min(rest.find_first_of("/\\?#"), rest.size());
    const std::string_view host = rest.substr(0, end);
    if (is_windows_drive(host)) return path(rest);
    if (!host.empty()) {
        if (const char* wrong = append_host(out_.href_, host, true)) return wrong;
        if (std::string_view{out_.href_}.substr(out_.host_begin_) == "localhost") {
            out_.href_.resize(out_.host_begin_);
        }
        out_.host_end_ = out_.path_begin_ = here();
    }
    return path_start(rest.substr(end));
}

const char* url_parser::path(std::string_view rest)
{
    const std::size_t end = std::min(rest.find_first_of("?#"), rest.size());
    const std::string_view text = rest.substr(0, end);
    if (out_.kind_ != kind::file && is_plain_path(text)) {
        out_.href_ += '/';
        out_.href_ += text;
    } else {
        append_segments(text);
    }
    if (!out_.has_host_ &&
        std::string_view{out_.href_}.substr(out_.path_begin_).starts_with("//")) {
        out_.href_.insert(out_.path_begin_, "/.");
        out_.path_begin_ += 2;
    }
    return query_and_fragment(rest.substr(end));
}

void url_parser::append_segments(std::string_view text)
{
    for (;;) {
        const std::size_t slash = text.find_first_of(special() ? "/\\" : "/");
        const std::string_view segment = text.substr(0, slash);
        const bool last = slash == npos;
        const int count = dots(segment);
        if (count == 2) shorten_path();
        if (count <= 2) {
            if (last) out_.href_ += '/';
        } else if (out_.kind_ == kind::file && here() == out_.path_begin_ &&
                   is_windows_drive(segment)) {
            out_.href_ += {'/', segment[0], ':'};
        } else {
            out_.href_ += '/';
            append(segment, percent::path);
        }
        if (last) return;
        text.remove_prefix(slash + 1);
    }
}

void url_parser::shorten_path()
{
    const std::string_view path = std::string_view{out_.href_}.substr(out_.path_begin_);
    if (out_.kind_ == kind::file && path.size() == 3 && path_begins_with_drive(path)) return;
    const std::size_t slash = path.rfind('/');
    if (slash != npos) out_.href_.resize(out_.path_begin_ + slash);
}

const char* url_parser::opaque_path(std::string_view rest)
{
    out_.opaque_path_ = true;
    const std::size_t end = std::min(rest.find_first_of("?#"), rest.size());
    std::string_view text = rest.substr(0, end);
    // A space at its end would be lost to whoever trims the URL.
    const bool ends_in_space = end < rest.size() && text.ends_with(' ');
    if (ends_in_space) text.remove_suffix(1);
    append(text, percent::c0_control);
    if (ends_in_space) out_.href_ += "%20";
    return query_and_fragment(rest.substr(end));
}

const char* url_parser::query_and_fragment(std::string_view rest)
{
    const std::size_t hash = std::min(rest.find('#'), rest.size());
    if (rest.starts_with('?')) {
        out_.query_begin_ = here();
        out_.href_ += '?';
        append(rest.substr(1, hash - 1), special() ? percent::special_query : percent::query);
    }
    if (hash < rest.size()) {
        out_.fragment_begin_ = here();
        out_.href_ += '#';
        append(rest.substr(hash + 1), percent::fragment);
    }
    return nullptr;
}

void url_parser::no_authority()
{
    out_.username_end_ = out_.host_begin_ = out_.host_end_ = out_.path_begin_ = here();
}

bool url_parser::is_slash(std::string_view rest) const
{
    return rest.starts_with('/') || (special() && rest.starts_with('\\'));
}

}  // namespace ferry::detail

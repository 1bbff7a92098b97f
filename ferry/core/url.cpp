#include "ferry/core/url.hpp"

#include "ferry/core/detail/url_parser.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/percent.hpp"

#include <utility>

namespace ferry {
namespace {

[[noreturn]] void fail(const char* wrong, std::string_view text)
{
    constexpr std::size_t quoted_bytes = 100;
    std::string message = "bad URL";
    if (text.find('@') == std::string_view::npos) {
        message += " '";
        for (const char c : text.substr(0, quoted_bytes)) {
            message += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
        }
        message += text.size() > quoted_bytes ? "...'" : "'";
    }
    throw parse_error{errc::malformed, message + ": " + wrong, {}};
}

url parsed(std::string_view text, const url* base)
{
    if (text.size() > url::max_bytes) throw limit_error{"url::max_bytes", url::max_bytes};
    url result;
    if (const char* wrong = detail::url_parser{result, base}.parse(text)) fail(wrong, text);
    return result;
}

std::optional<url> try_parsed(std::string_view text, const url* base)
{
    std::optional<url> result;
    if (text.size() > url::max_bytes) return result;
    if (detail::url_parser{result.emplace(), base}.parse(text) != nullptr) result.reset();
    return result;
}

}  // namespace

url url::parse(std::string_view text)
{
    return parsed(text, nullptr);
}

std::optional<url> url::try_parse(std::string_view text)
{
    return try_parsed(text, nullptr);
}

url url::resolve(std::string_view reference) const
{
    return parsed(reference, this);
}

std::optional<url> url::try_resolve(std::string_view reference) const
{
    return try_parsed(reference, this);
}

bool url::resolve_into(std::string_view reference, url& into) const
{
    if (reference.size() > max_bytes) {
        into = url{};
        return false;
    }
    return detail::url_parser{into, this}.parse(reference) == nullptr;
}

std::string_view url::password() const noexcept
{
    // Behind the user's name either a colon, the "@" or the host itself.
    return username_end_ + 1 < host_begin_ ? part(username_end_ + 1, host_begin_ - 1)
                                           : std::string_view{};
}

std::size_t url::authority_end() const noexcept
{
    // Without a host the path may have a "/." in front.
    return has_host_ ? path_begin_ : host_end_;
}

std::uint16_t url::default_port() const noexcept
{
    switch (kind_) {
        case kind::http:
        case kind::ws: return 80;
        case kind::https:
        case kind::wss: return 443;
        case kind::ftp: return 21;
        case kind::file:
        case kind::other: break;
    }
    return 0;
}

std::string url::origin() const
{
    if (scheme() == "blob") {
        const auto inner = try_parse(path());
        if (inner && (inner->kind_ == kind::http || inner->kind_ == kind::https)) {
            return inner->origin();
        }
        return "null";
    }
    if (!is_special() || kind_ == kind::file) return "null";
    std::string text{scheme()};
    text += "://";
    text += host();
    return text;
}

std::string url::redacted() const
{
    if (password().empty()) return href_;
    std::string text = href_;
    return text.replace(username_end_ + std::size_t{1}, password().size(), "***");
}

/// Replaces a part of the text; the parts from `first` on move.
void url::replace(std::size_t begin, std::size_t end, std::string_view by, part_after first)
{
    href_.replace(begin, end - begin, by);
    const auto moved = static_cast<std::uint32_t>(by.size() - (end - begin));
    const auto move = [&](part_after what, std::uint32_t& offset) {
        if (what >= first && offset != none) offset += moved;
    };
    move(part_after::credentials, host_begin_);
    move(part_after::credentials, host_end_);
    move(part_after::host, path_begin_);
    move(part_after::path, query_begin_);
    move(part_after::query, fragment_begin_);
}

void url::set_query(std::optional<std::string_view> query)
{
    std::string text;
    if (query) {
        text = "?";
        percent::append_encoded(text, *query,
                                is_special() ? percent::special_query : percent::query);
    }
    const std::size_t begin = path_end();
    const std::size_t end = query_end();
    replace(begin, end, text, part_after::query);
    query_begin_ = query ? static_cast<std::uint32_t>(begin) : none;
}

void url::set_fragment(std::optional<std::string_view> fragment)
{
    const std::size_t begin = query_end();
    fragment_begin_ = none;
    href_.resize(begin);
    if (!fragment) return;
    fragment_begin_ = static_cast<std::uint32_t>(begin);
    href_ += '#';
    percent::append_encoded(href_, *fragment, percent::fragment);
}

void url::set_credentials(std::string_view username, std::string_view password)
{
    if (hostname().empty() || kind_ == kind::file) return;
    std::string text;
    percent::append_encoded(text, username, percent::userinfo);
    const std::size_t name_size = text.size();
    if (!password.empty()) {
        text += ':';
        percent::append_encoded(text, password, percent::userinfo);
    }
    if (!text.empty()) text += '@';
    const std::uint32_t begin = user_begin();
    replace(begin, host_begin_, text, part_after::credentials);
    username_end_ = begin + static_cast<std::uint32_t>(name_size);
}

void url::set_path(std::string_view path)
{
    if (opaque_path_) return;
    std::string text{part(0, authority_end())};
    // Keeps `//` at the front of a path from becoming a host.
    if (!has_host_) text += "/.";
    if (!path.starts_with('/') && !(is_special() && path.starts_with('\\'))) text += '/';
    percent::append_encoded(text, path, percent::set{}.with("?#"));
    text += part(path_end(), href_.size());
    *this = parse(text);
}

void url::set_port(std::optional<std::uint16_t> port)
{
    if (hostname().empty() || kind_ == kind::file) return;
    if (is_special() && port == default_port()) port.reset();
    replace(host_end_, path_begin_, port ? ":" + std::to_string(*port) : std::string{},
            part_after::host);
    port_ = port;
}

}  // namespace ferry

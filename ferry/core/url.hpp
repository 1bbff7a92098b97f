#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry {

namespace detail {
class url_parser;
}

/// A URL, by the WHATWG URL Standard: what a browser makes of a text.
///
///     url page = url::parse("http://bücher.example/a/../b?q=é");
///     page.href();                        // http://xn--bcher-kva.example/b?q=%C3%A9
///     url next = page.resolve("c#top");   // http://xn--bcher-kva.example/c#top
///
/// Kept as one text and offsets into it: every accessor is a view, valid until the url is assigned
/// to, changed or destroyed. Comparison, order and hash are those of `href()`.
/// As Python's `urllib.parse.urlsplit` and `urljoin`, which follow older rules.
class url {
public:
    /// Longer texts are refused.
    static constexpr std::size_t max_bytes = std::size_t{1} << 28U;

    /// An empty url: `href()` is empty, and so is every part.
    url() = default;

    /// Parses an absolute URL. Spaces and controls around it, tabs and line ends in it are dropped.
    /// \throws parse_error  names the part that is wrong; the text is quoted unless it may hold a
    ///                      password.
    /// \throws limit_error  longer than `max_bytes`.
    /// Cost: one allocation.
    static url parse(std::string_view text);
    static std::optional<url> try_parse(std::string_view text);

    /// Resolves a reference found in this document, as a browser does. As `urljoin`.
    /// \throws parse_error  as `parse`.
    url resolve(std::string_view reference) const;
    std::optional<url> try_resolve(std::string_view reference) const;

    /// The same without an allocation once `into` has room. `into` must not be this url, nor
    /// `reference` lie inside it. False if the reference is invalid; `into` is then empty.
    bool resolve_into(std::string_view reference, url& into) const;

    /// The whole, normalised.
    const std::string& href() const noexcept { return href_; }
    bool empty() const noexcept { return href_.empty(); }

    /// The whole without `#` and what follows: what two visits of one page have in common.
    std::string_view without_fragment() const noexcept { return part(0, query_end()); }

    /// `http`, in lower case.
    std::string_view scheme() const noexcept { return part(0, scheme_end_); }
    /// True for http, https, ws, wss, ftp and file.
    bool is_special() const noexcept { return kind_ != kind::other; }

    /// Percent-encoded.
    std::string_view username() const noexcept { return part(user_begin(), username_end_); }
    std::string_view password() const noexcept;
    bool has_credentials() const noexcept { return host_begin_ > user_begin(); }

    /// A domain in ASCII, an IPv4 address, an IPv6 address in brackets; for schemes that are not
    /// special any text. Without a port. Empty if there is none.
    std::string_view hostname() const noexcept { return part(host_begin_, host_end_); }
    /// With the port, if it is not the scheme's default.
    std::string_view host() const noexcept { return part(host_begin_, authority_end()); }
    bool has_host() const noexcept { return has_host_; }

    /// The port, if the URL has one that is not the scheme's default.
    std::optional<std::uint16_t> port() const noexcept { return port_; }
    /// The port to connect to, 0 if the scheme has no default.
    std::uint16_t port_or_default() const noexcept { return port_.value_or(default_port()); }

    std::string_view path() const noexcept { return part(path_begin_, path_end()); }
    /// True for `mailto:x` and the like, whose path has no segments.
    bool has_opaque_path() const noexcept { return opaque_path_; }

    /// Without the `?` or `#`.
    std::string_view query() const noexcept { return after_mark(query_begin_, query_end()); }
    std::string_view fragment() const noexcept { return after_mark(fragment_begin_, href_.size()); }
    bool has_query() const noexcept { return query_begin_ != none; }
    bool has_fragment() const noexcept { return fragment_begin_ != none; }

    /// What an HTTP request line names: `/path?query`.
    std::string_view path_and_query() const noexcept { return part(path_begin_, query_end()); }

    /// `http://host:port`, or `null` for schemes whose URLs are all strangers to each other.
    std::string origin() const;

    /// For people and logs: the password is shown as `***`.
    std::string redacted() const;

    /// Each encodes what needs it. An empty optional takes the part away.
    void set_query(std::optional<std::string_view> query);
    void set_fragment(std::optional<std::string_view> fragment);
    /// No effect without a host. Empty texts take the credentials away.
    void set_credentials(std::string_view username, std::string_view password);
    /// No effect on an opaque path. `?` and `#` in `path` are encoded.
    void set_path(std::string_view path);
    /// No effect without a host. An empty optional, or the default port, takes the port away.
    void set_port(std::optional<std::uint16_t> port);

    friend bool operator==(const url& a, const url& b) noexcept { return a.href_ == b.href_; }
    friend std::strong_ordering operator<=>(const url& a, const url& b) noexcept
    {
        return a.href_ <=> b.href_;
    }

private:
    friend class detail::url_parser;
    enum class kind : unsigned char { other, http, https, ws, wss, ftp, file };
    static constexpr std::uint32_t none = 0xFFFFFFFFU;

    std::string_view part(std::size_t begin, std::size_t end) const noexcept
    {
        return {href_.data() + begin, end - begin};
    }
    std::string_view after_mark(std::uint32_t begin, std::size_t end) const noexcept
    {
        return begin == none ? std::string_view{} : part(begin + 1, end);
    }
    std::uint32_t user_begin() const noexcept
    {
        return has_host_ ? scheme_end_ + 3U : username_end_;
    }
    std::size_t authority_end() const noexcept;
    std::size_t path_end() const noexcept
    {
        return query_begin_ != none ? query_begin_ : query_end();
    }
    std::size_t query_end() const noexcept
    {
        return fragment_begin_ != none ? fragment_begin_ : href_.size();
    }
    std::uint16_t default_port() const noexcept;
    enum class part_after : unsigned char { credentials, host, path, query };
    void replace(std::size_t begin, std::size_t end, std::string_view by, part_after first);

    // scheme ":" ["//" [username [":" password] "@"] host [":" port]] ["/."] path ["?" query]
    // ["#" fragment]
    std::string href_;
    std::uint32_t scheme_end_ = 0;    ///< at the colon
    std::uint32_t username_end_ = 0;  ///< at ":", "@" or the host
    std::uint32_t host_begin_ = 0;
    std::uint32_t host_end_ = 0;
    std::uint32_t path_begin_ = 0;
    std::uint32_t query_begin_ = none;     ///< at the "?"
    std::uint32_t fragment_begin_ = none;  ///< at the "#"
    std::optional<std::uint16_t> port_;
    kind kind_ = kind::other;
    bool has_host_ = false;
    bool opaque_path_ = false;
};

}  // namespace ferry

template <>
struct std::hash<ferry::url> {
    std::size_t operator()(const ferry::url& u) const noexcept
    {
        return std::hash<std::string>{}(u.href());
    }
};

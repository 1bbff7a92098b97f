#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/url.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {

enum class same_site { unset, none, lax, strict };

/// How a jar is kept on disk.
enum class cookie_format {
    netscape,  ///< cookies.txt, which curl, wget and Python's MozillaCookieJar read and write
    sqlite,    ///< one table, which keeps SameSite and the time of creation too
};

/// A cookie as the jar keeps it (RFC 6265bis section 5.6).
class cookie {
public:
    cookie() = default;
    cookie(std::string_view n, std::string_view v) : name(n), value(v) {}

    std::string name;
    std::string value;
    std::string domain;  ///< lower case, without a leading dot
    std::string path = "/";
    std::optional<timestamp> expires;  ///< nothing: until the jar goes
    timestamp created;
    bool host_only = true;   ///< for `domain` itself, not for hosts below it
    bool secure = false;     ///< for https only
    bool http_only = false;  ///< kept for other programs that read the jar
    http::same_site same_site = http::same_site::unset;
};
static_assert(awaitable_argument<cookie>);

/// Reads one Set-Cookie value: the parsing half of RFC 6265bis, section 5.6. Domain and path are as
/// written; the jar decides whether it takes the cookie. NUL, CR and LF end the line. Nothing for a
/// line without a name, with other control characters, or over 4096 bytes of name and value.
std::optional<cookie> parse_set_cookie(std::string_view line, timestamp now = ferry::now());

/// Reads a date by RFC 6265bis section 5.1.1, which takes almost anything that has a time, a day,
/// a month and a year in it.
std::optional<timestamp> parse_cookie_date(std::string_view text);

/// The cookies of a session, and the rules that say which request may carry which (RFC 6265bis).
/// Public suffixes cannot have cookies. At most 50 cookies a domain and 3000 in all; what has
/// expired makes room first, then what is not Secure, then what was used longest ago. As
/// requests.cookies.RequestsCookieJar.
///
///     for (const http::cookie& c : session.cookies().all()) print_line(c.name);
///     session.cookies().save("cookies.txt");
///
/// Thread-safety: every member may be called from any thread.
class cookie_jar {
public:
    cookie_jar();
    ~cookie_jar();
    cookie_jar(cookie_jar&&) noexcept;
    cookie_jar& operator=(cookie_jar&&) noexcept;

    /// Takes the cookie that the response from `from` sets, if the rules allow it.
    void store(const url& from, std::string_view set_cookie, timestamp now = ferry::now());

    /// The value of the Cookie header for a request to `to`; empty if there is none.
    std::string header(const url& to, timestamp now = ferry::now());

    /// Puts a cookie in, replacing the one of the same name, domain and path.
    /// \throws error with errc::bad_header  the name or value cannot travel in a Cookie header.
    void set(cookie c);

    /// The cookie of that name; of several, the one with the longest path.
    std::optional<cookie> find(std::string_view name, std::string_view domain = {}) const;

    /// Every cookie that has not expired, by domain, path and name.
    std::vector<cookie> all(timestamp now = ferry::now()) const;

    /// Removes the cookies of that name; the number removed.
    std::size_t erase(std::string_view name, std::string_view domain = {});

    void clear();
    /// Those that have expired included. Takes no lock.
    std::size_t size() const noexcept;

    /// Adds the cookies of a file: cookies.txt, LWP's Set-Cookie3 or SQLite, whichever it is.
    /// \throws error        it cannot be read. \throws parse_error  it is malformed; names the
    /// line. The jar is then unchanged. Blocks for the length of the reading. As
    /// MozillaCookieJar.load.
    void load(const std::string& path);

    /// Writes all cookies, those of this session only included, so that a crash leaves either the
    /// old file or the new one, readable by its owner only.
    /// \throws error  it cannot be written. Blocks until it is on the disk. As
    /// MozillaCookieJar.save.
    void save(const std::string& path, cookie_format format = cookie_format::netscape) const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace ferry::http

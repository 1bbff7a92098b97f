#pragma once

#include "ferry/http/har.hpp"
#include "ferry/http/session.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/request_items.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ferry::command {

/// Whether a request has an end, and a time limit for all of it.
enum class request_span : unsigned char { whole, endless };

/// What the flags of `ferry get` and its like say about the request. Those that curl has are
/// spelled as curl spells them.
class request_settings {
public:
    std::string method;
    std::string url;
    std::vector<std::string> items;

    /// Adds the flags; `url` and `items` are positional.
    void add_to(CLI::App& options);
    /// Adds the flags that have nothing to do with a body.
    void add_flags_to(CLI::App& options);

    /// The session, with the cookies of `-b` and `--session` in it.
    http::session make_session() const;
    /// \throws usage_error
    http::session_options make_session_options() const;
    /// \throws usage_error
    http::request_options make_options(request_span span = request_span::whole) const;

    /// After the request, also after one that failed: writes the cookies of `-c` and `--session`,
    /// and the log of `--har`.
    void keep(http::session& used) const;

    /// Whether the request has a body; nothing is read to know it.
    bool has_body() const;
    bool wants_json() const noexcept { return json_; }
    std::chrono::nanoseconds total() const;     ///< of `--max-time`; 0 without
    std::chrono::nanoseconds patience() const;  ///< of `--timeout`

private:
    void add_body(http::request_options& to) const;
    void add_login(http::request_options& to) const;
    void add_named_session(http::request_options& to) const;
    std::string session_file(const char* suffix) const;

    std::vector<std::string> headers_;
    std::vector<std::string> data_;
    std::vector<std::string> form_parts_;
    std::string raw_;
    std::string user_;
    std::string bearer_;
    std::string cookies_;
    std::string cookie_jar_;
    std::string user_agent_;
    std::string referer_;
    std::string ca_file_;
    std::string certificate_;
    std::string key_;
    std::string session_;
    std::string proxy_;
    std::string har_file_;
    std::vector<std::string> resolved_;
    http::har_log har_;
    std::uint64_t bytes_per_second_ = 0;
    bool has_proxy_ = false;
    double seconds_ = 30;
    double connect_seconds_ = 10;
    double total_seconds_ = 0;
    int redirects_ = 30;
    int retries_ = 0;
    bool form_ = false;
    bool multipart_ = false;
    bool json_ = false;
    bool digest_ = false;
    bool insecure_ = false;
    bool no_follow_ = false;
    bool no_environment_ = false;
    bool as_it_is_ = false;  ///< curl's flags for what is done anyway
};

}  // namespace ferry::command

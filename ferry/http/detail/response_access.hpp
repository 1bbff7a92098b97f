#pragma once

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/response.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

/// How the session fills a response.
class response_access {
public:
    static void fill(response& r, detail::response_head& head, std::string_view method,
                     std::shared_ptr<const url> from, std::chrono::nanoseconds elapsed)
    {
        r.method_ = method;
        r.status = head.status;
        r.reason = std::move(head.reason);
        r.headers = std::move(head.headers);
        r.elapsed = elapsed;
        r.url_ = std::move(from);
        const std::string_view of_1 = head.minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
        r.version_ = head.major == 2 ? std::string_view("HTTP/2") : of_1;
    }

    static void set_tls(response& r, std::shared_ptr<const net::tls_info> agreed)
    {
        r.tls_ = std::move(agreed);
    }

    static void set_body(response& r, ferry::bytes data, headers trailers)
    {
        if (!data.empty()) r.content = body(buffer(std::move(data)));
        r.trailers_ = std::move(trailers);
    }

    static void set_sent(response& r, std::string head) { r.sent_head_ = std::move(head); }

    static void set_from_cache(response& r) noexcept { r.from_cache_ = true; }

    static void set_undecoded(response& r, std::string codings)
    {
        r.undecoded_ = std::move(codings);
    }
};

}  // namespace ferry::http

#pragma once

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/router.hpp"
#include "ferry/http/detail/server_body.hpp"
#include "ferry/http/request.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::http {

/// How the server fills a request.
class request_access {
public:
    static void fill(request& q, detail::request_head& head, const std::string& peer)
    {
        q.method = head.method;
        q.target = std::move(head.target);
        q.headers = std::move(head.headers);
        q.content = buffer();
        q.peer = peer;
        q.user.clear();
        q.id.clear();
        q.path_.clear();
    }
    static void set_tls(request& q, const net::tls_info* agreed) { q.tls_ = agreed; }

    static void set_body(request& q, std::shared_ptr<detail::request_body> unread)
    {
        q.source_ = std::move(unread);
    }

    /// Null once it was read, and for requests without a body, or without a connection.
    static detail::request_body* body(const request& q) noexcept
    {
        return static_cast<detail::request_body*>(q.source_.get());
    }
    static void forget_body(request& q) noexcept { q.source_.reset(); }

    /// Splits and decodes the target, once. \throws problem with 400
    static void parse_target(request& q)
    {
        if (!q.path_.empty()) return;
        q.parameters_.clear();
        detail::target_path parsed = detail::parse_target(q.target);
        q.query_ = query_pairs::parse(parsed.query);
        q.segments_ = std::move(parsed.segments);
        q.path_ = std::move(parsed.text);
    }
    static const std::vector<std::string>& segments(const request& q) noexcept
    {
        return q.segments_;
    }

    static void set_parameters(request& q, detail::router::parameters found)
    {
        q.parameters_ = std::move(found);
    }
};

}  // namespace ferry::http

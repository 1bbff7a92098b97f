#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/http2_connection.hpp"
#include "ferry/http/detail/pool.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace ferry::http::detail {

/// An attempt as one stream of an HTTP/2 connection.
class http2_attempt final : public attempt {
public:
    /// \param may_be_stale  as http1_attempt's.
    http2_attempt(connection_pool::lease on, const attempt_context& with, bool may_be_stale);
    ~http2_attempt() override;

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override;
    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    std::size_t read_buffered(std::span<std::byte> into) override;
    bool done() const noexcept override { return stream_->ended && stream_->unread() == 0; }
    framing kind() const noexcept override { return plan_.kind; }
    std::uint64_t length_left() const noexcept override { return plan_.length - taken_; }
    headers& trailers() noexcept override { return stream_->trailers; }
    void finish() override;
    void limit_reads(std::chrono::nanoseconds each) noexcept override { read_limit_ = each; }
    std::string peer() const override { return connection_->peer(); }
    std::shared_ptr<const net::tls_info> tls() const override { return connection_->tls(); }

private:
    void submit(const outgoing_request& what);
    awaitable<void> send_source(const outgoing_request* what);
    awaitable<void> wait(std::chrono::nanoseconds limit, const char* what);
    outcome explain_silence(const outgoing_request& what);
    [[noreturn]] void fail_body() const;
    void plan(const response_head& head, bool answers_head);
    void let_go() noexcept;

    connection_pool::lease lease_;
    std::shared_ptr<http2_connection> connection_;
    std::shared_ptr<http2_stream> stream_ = std::make_shared<http2_stream>();
    attempt_context with_;
    bool may_be_stale_;
    std::chrono::nanoseconds read_limit_;
    body_plan plan_;
    std::uint64_t taken_ = 0;  ///< of the body
};

}  // namespace ferry::http::detail

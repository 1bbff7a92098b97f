#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/body_reader.hpp"
#include "ferry/http/detail/pool.hpp"

#include <exception>
#include <optional>
#include <string>

namespace ferry::http::detail {

/// An attempt by HTTP/1.1 on a connection of the pool.
class http1_attempt final : public attempt {
public:
    /// \param may_be_stale  a connection that dies before a byte came back is the outcome `stale`,
    ///                      if the request allows to be repeated, and no error.
    http1_attempt(connection_pool::lease on, const attempt_context& with, bool may_be_stale);

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override;
    awaitable<std::size_t> read_some(std::span<std::byte> into) override
    {
        return body_->read_some(into);
    }
    std::size_t read_buffered(std::span<std::byte> into) override
    {
        return body_->read_buffered(into);
    }
    bool done() const noexcept override { return !body_ || body_->done(); }
    framing kind() const noexcept override { return plan_.kind; }
    std::uint64_t length_left() const noexcept override { return body_->length_left(); }
    headers& trailers() noexcept override { return body_->trailers(); }
    void finish() override;
    void limit_reads(std::chrono::nanoseconds each) noexcept override;
    std::string_view sent_head() const noexcept override;
    std::string peer() const override;
    std::shared_ptr<const net::tls_info> tls() const override
    {
        return lease_.connection() == nullptr ? nullptr : lease_.connection()->tls;
    }

private:
    enum class seen { part, informational, final };

    awaitable<void> send_source(const outgoing_request* what);
    awaitable<bool> answered_unsent(head_reader* reader, response_head* into);
    void limit_whole();
    seen take_head(head_reader& reader, response_head* into);
    net::stream& stream() noexcept { return lease_.connection()->stream; }

    connection_pool::lease lease_;
    attempt_context with_;
    bool may_be_stale_;
    std::size_t informational_ = 0;
    body_plan plan_;
    std::optional<body_reader> body_;
};

}  // namespace ferry::http::detail

#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/transport.hpp"

#include <memory>
#include <string>

namespace ferry::http::detail {

/// The request as a value. A body from a source is not read.
prepared_request describe_request(const outgoing_request& what);

/// An attempt that a transport answers.
class transport_attempt final : public attempt {
public:
    transport_attempt(std::shared_ptr<http::transport> by, const attempt_context& with)
        : transport_(std::move(by)), with_(with)
    {
    }

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override;
    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    std::size_t read_buffered(std::span<std::byte> into) override;
    bool done() const noexcept override { return !source_ && part_.empty(); }
    framing kind() const noexcept override { return kind_; }
    std::uint64_t length_left() const noexcept override { return part_.size(); }
    headers& trailers() noexcept override { return trailers_; }
    void finish() override {}
    void limit_reads(std::chrono::nanoseconds) noexcept override {}
    std::string peer() const override { return {}; }

private:
    std::shared_ptr<http::transport> transport_;
    attempt_context with_;
    framing kind_ = framing::none;
    std::shared_ptr<body_source> source_;  ///< until its end
    buffer part_;
    headers trailers_;
};

}  // namespace ferry::http::detail

#pragma once

#include "ferry/http/body.hpp"
#include "ferry/http/detail/body_reader.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/server_limits.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace ferry::http::detail {

/// The body of a request, read when somebody asks for it. Whatever is wrong with it is a `problem`,
/// which is the answer if the handler lets it pass; the connection cannot be used any more then.
class request_body final : public body_source {
public:
    /// All but `plan` must outlive it.
    /// \param expects_continue  the client waits for a word before it sends.
    request_body(net::stream& from, const body_plan& plan, const codec_limits& codec,
                 const server_limits& limits, bool expects_continue);

    void limit_to(std::uint64_t bytes) noexcept { limit_ = bytes; }

    /// The next piece, empty at the end.
    awaitable<buffer> next() override;
    awaitable<buffer> read_all();

    bool done() const noexcept { return reader_.done() && !failed_; }

    /// Whether what is left is little, and under way: worth reading to keep the connection.
    bool is_nearly_done() const noexcept;

    std::optional<std::uint64_t> length() const override;
    bool rewind() override { return false; }

private:
    awaitable<std::size_t> read(std::span<std::byte> into);
    awaitable<std::size_t> read_in_time(std::span<std::byte> into);
    std::chrono::milliseconds time_left() const;

    net::stream& from_;
    body_plan plan_;
    body_reader reader_;
    const server_limits& limits_;
    std::uint64_t limit_;
    std::uint64_t received_ = 0;
    std::chrono::steady_clock::duration waited_{0};
    bool expects_continue_;
    bool failed_ = false;
};

}  // namespace ferry::http::detail

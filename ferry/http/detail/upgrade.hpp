#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/body.hpp"
#include "ferry/net/stream.hpp"

#include <cstdint>
#include <optional>

namespace ferry::http::detail {

/// The body of a 101: what takes over the connection once the head is out. A body, so that it
/// passes through middleware like any other response.
class upgrade : public body_source {
public:
    /// Runs until the connection's end. Throws nothing but `cancelled`.
    virtual awaitable<void> take_over(net::stream connection) = 0;

    /// The server stops: ends the connection in order, soon.
    virtual void stop() noexcept = 0;

    awaitable<buffer> next() override { co_return buffer(); }
    std::optional<std::uint64_t> length() const override { return 0; }
    bool rewind() override { return false; }
};

}  // namespace ferry::http::detail

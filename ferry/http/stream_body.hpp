#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/http/body.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ferry::http {

/// Takes the pieces of a body as they are made.
class body_writer {
public:
    class channel;
    explicit body_writer(std::shared_ptr<channel> to) noexcept;

    /// Hands on a piece; returns when the one before it was sent, so that a slow client slows the
    /// writer down and memory stays flat. Empty pieces are dropped.
    /// \throws cancelled  the client has gone; let it pass.
    awaitable<void> write(buffer piece);
    awaitable<void> write(std::string text);

private:
    std::shared_ptr<channel> to_;
};

/// A body that a coroutine writes while it is being sent, chunked:
///
///     co_return http::stream_body([](http::body_writer& out) -> awaitable<void> {
///         for (int i = 0; i < 10; ++i) co_await out.write(std::to_string(i) + "\n");
///     }, "text/plain");
///
/// The function is kept until the body has ended, and is cancelled if nobody wants the body any
/// more. If it throws, the body breaks off, which the client notices. Sent once only.
/// As aiohttp's StreamResponse; generator() is the same turned inside out.
body stream_body(std::function<awaitable<void>(body_writer&)> write, std::string content_type = {});

}  // namespace ferry::http

#include "ferry/http/detail/server_body.hpp"

#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::uint64_t little_bytes = 64 * 1024;

}  // namespace

request_body::request_body(net::stream& from, const body_plan& plan, const codec_limits& codec,
                           const server_limits& limits, bool expects_continue)
    : from_(from),
      plan_(plan),
      reader_(from, plan, side::request, codec),
      limits_(limits),
      limit_(limits.body_bytes()),
      expects_continue_(expects_continue)
{
}

bool request_body::is_nearly_done() const noexcept
{
    if (failed_ || expects_continue_) return false;
    return plan_.kind == framing::length && reader_.length_left() <= little_bytes;
}

std::optional<std::uint64_t> request_body::length() const
{
    if (plan_.kind == framing::length) return plan_.length;
    return std::nullopt;
}

// The client may use up body_time, and then what body_rate gives it for what it has sent.
std::chrono::milliseconds request_body::time_left() const
{
    if (limits_.body_rate() == 0) return 0ms;
    const auto earned = std::chrono::milliseconds(received_ * 1000 / limits_.body_rate());
    const auto left = limits_.body_time() + earned - waited_;
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), 1ms);
}

awaitable<std::size_t> request_body::read_in_time(std::span<std::byte> into)
{
    if (const std::size_t n = reader_.read_buffered(into); n > 0 || reader_.done()) co_return n;
    if (std::exchange(expects_continue_, false)) {
        co_await from_.write(std::string("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    from_.expires_after(time_left());
    const auto began = steady_clock::now();
    const std::size_t n = co_await reader_.read_some(into);
    waited_ += steady_clock::now() - began;
    from_.expires_after(0ms);
    co_return n;
}

awaitable<std::size_t> request_body::read(std::span<std::byte> into)
{
    int refused = 0;
    std::string why;
    std::size_t n = 0;
    try {
        n = co_await read_in_time(into);
    } catch (const timeout_error&) {
        refused = status::request_timeout;
        why = "the body comes too slowly";
    } catch (const limit_error& e) {
        refused = status::content_too_large;
        why = e.what();
    } catch (const connection_error&) {
        refused = status::bad_request;
        why = "the body ends too early";
    } catch (const protocol_error& e) {
        refused = status::bad_request;
        why = e.what();
    }
    received_ += n;
    if (refused == 0 && received_ > limit_) {
        refused = status::content_too_large;
        why = "the body is too long";
    }
    if (refused == 0) co_return n;
    failed_ = true;
    from_.expires_after(0ms);  // the answer has time of its own
    throw problem(refused, std::move(why));
}

awaitable<buffer> request_body::next()
{
    if (plan_.kind == framing::length && plan_.length > limit_) {
        failed_ = true;
        throw problem(status::content_too_large, "the body is too long");
    }
    if (reader_.done()) co_return buffer();
    const std::size_t room = plan_.kind == framing::length
                                 ? std::min<std::uint64_t>(piece_bytes, reader_.length_left())
                                 : piece_bytes;
    ferry::bytes piece(room);
    const std::size_t n = co_await read(piece);
    piece.resize(n);
    co_return buffer(std::move(piece));
}

awaitable<buffer> request_body::read_all()
{
    if (plan_.kind == framing::length && plan_.length > limit_) {
        failed_ = true;
        throw problem(status::content_too_large, "the body is too long");
    }
    // What is promised is not taken on trust: memory grows with what has come.
    ferry::bytes data(static_cast<std::size_t>(std::min<std::uint64_t>(plan_.length, piece_bytes)));
    std::size_t size = 0;
    while (!reader_.done()) {
        if (size == data.size()) {
            // One byte more than allowed tells a body that ends at the limit from a longer one.
            const auto most = static_cast<std::size_t>(limit_ + 1);
            data.resize(std::min(std::max<std::size_t>(size * 2, 4096), most));
        }
        const auto room = std::span(data).subspan(size);
        size += co_await read(room);
    }
    data.resize(size);
    co_return buffer(std::move(data));
}

}  // namespace ferry::http::detail

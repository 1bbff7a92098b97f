#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/detail/read_buffer.hpp"
#include "ferry/net/stream.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace ferry::net {
namespace {

/// One way between the two sides.
struct pipe {
    explicit pipe(std::size_t limit) noexcept : capacity{limit} {}

    const std::size_t capacity;
    detail::read_buffer unread;
    bool ended = false;    ///< the writer has shut down: the end, once all is read
    bool dropped = false;  ///< one of the sides was aborted
    waiter_list reader;
    waiter_list writer;

    void end() noexcept
    {
        ended = true;
        reader.wake_all();
    }
    void drop() noexcept
    {
        dropped = true;
        reader.wake_all();
        writer.wake_all();
    }
};

/// A waiter that an interruption ends as if it were cancelled.
class pipe_waiter final : public waiter {
public:
    using waiter::abort;
};

/// Lets interrupt() reach a waiter while it waits.
struct registration {
    registration(pipe_waiter*& at, pipe_waiter& w) noexcept : place{at} { place = &w; }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    ~registration() { place = nullptr; }
    pipe_waiter*& place;
};

class pair_transport final : public transport {
public:
    pair_transport(std::shared_ptr<pipe> in, std::shared_ptr<pipe> out) noexcept
        : in_{std::move(in)}, out_{std::move(out)}
    {
    }

    awaitable<std::size_t> read_some(std::span<std::byte> into) override
    {
        const auto in = in_;
        while (in->unread.size() == 0) {
            if (closed_) throw cancelled();
            if (in->ended) co_return 0;
            if (in->dropped) throw connection_error(errc::disconnected, "read pair: reset", "pair");
            pipe_waiter me;
            in->reader.push_back(me);
            const registration at(reading_, me);
            co_await me.park();
        }
        const auto data = in->unread.data();
        const std::size_t count = std::min(data.size(), into.size());
        std::memcpy(into.data(), data.data(), count);
        in->unread.consume(count);
        in->writer.wake_one();
        co_return count;
    }

    std::size_t try_write(const_buffers from) override
    {
        pipe& out = *out_;
        if (out.dropped || out.ended) {
            throw connection_error(errc::disconnected, "write pair: closed", "pair");
        }
        std::size_t room = out.capacity - out.unread.size();
        std::size_t sent = 0;
        for (auto part : from) {
            part = part.first(std::min(part.size(), room));
            while (!part.empty()) {
                const auto space = out.unread.space();
                const std::size_t count = std::min(space.size(), part.size());
                std::memcpy(space.data(), part.data(), count);
                out.unread.commit(count);
                part = part.subspan(count);
                room -= count;
                sent += count;
            }
        }
        if (sent > 0) out.reader.wake_one();
        return sent;
    }

    awaitable<std::size_t> write_some(const_buffers from) override
    {
        const auto out = out_;
        for (;;) {
            if (closed_) throw cancelled();
            const std::size_t sent = try_write(from);
            if (sent > 0) co_return sent;
            pipe_waiter me;
            out->writer.push_back(me);
            const registration at(writing_, me);
            co_await me.park();
        }
    }

    awaitable<void> shutdown_write() override
    {
        out_->end();
        co_return;
    }

    awaitable<void> close() override
    {
        closed_ = true;
        out_->end();
        in_->drop();
        co_return;
    }

    void abort() noexcept override
    {
        if (std::exchange(closed_, true)) return;
        // As a socket whose owner has died: what was sent arrives, and then the end.
        out_->end();
        in_->drop();
        interrupt(direction::reading);
        interrupt(direction::writing);
    }

    void interrupt(direction d) noexcept override
    {
        pipe_waiter* const w = d == direction::reading ? reading_ : writing_;
        if (w != nullptr) w->abort();
    }

    std::string local_endpoint() const override { return "pair"; }
    std::string remote_endpoint() const override { return "pair"; }

    bool readable_now() const noexcept override
    {
        return in_->unread.size() != 0 || in_->ended || in_->dropped;
    }

private:
    std::shared_ptr<pipe> in_;
    std::shared_ptr<pipe> out_;
    pipe_waiter* reading_ = nullptr;
    pipe_waiter* writing_ = nullptr;
    bool closed_ = false;
};

}  // namespace

std::pair<stream, stream> pair(std::size_t capacity)
{
    auto there = std::make_shared<pipe>(std::max<std::size_t>(capacity, 1));
    auto back = std::make_shared<pipe>(std::max<std::size_t>(capacity, 1));
    return {stream(std::make_unique<pair_transport>(there, back)),
            stream(std::make_unique<pair_transport>(back, there))};
}

}  // namespace ferry::net

#include "ferry/zmq/message.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/failure.hpp"

#include <zmq.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

namespace ferry::zmq {

static_assert(sizeof(zmq_msg_t) == 64 && alignof(zmq_msg_t) <= alignof(void*));

namespace {

zmq_msg_t* raw(void* place) noexcept
{
    return static_cast<zmq_msg_t*>(place);
}

/// The C API takes messages that it does not change by a pointer to a mutable one.
zmq_msg_t* raw(const void* place) noexcept
{
    return const_cast<zmq_msg_t*>(static_cast<const zmq_msg_t*>(place));
}

}  // namespace

/// Shared by a message's memory, which a thread of ZeroMQ's lets go of, and its tracker.
class detail::delivery : public std::enable_shared_from_this<delivery> {
public:
    bool done() const noexcept { return done_.load(std::memory_order_acquire); }

    void finish() noexcept
    {
        const std::lock_guard lock{gate_};
        done_.store(true, std::memory_order_release);
        if (!loop_) return;
        loop_->post([self = shared_from_this()] {
            self->hold_.reset();
            self->waiting_.wake_all();
        });
    }

    static awaitable<void> wait(std::shared_ptr<delivery> self)
    {
        waiter me;
        {
            const std::lock_guard lock{self->gate_};
            if (self->done()) co_return;
            if (!self->loop_) {
                self->loop_ = loop::current();
                self->hold_ = self->loop_->hold();
            }
            self->waiting_.push_back(me);
        }
        co_await me.park();
    }

private:
    std::atomic<bool> done_ = false;
    std::mutex gate_;
    std::optional<loop> loop_;
    std::shared_ptr<void> hold_;
    waiter_list waiting_;  ///< of the loop's thread
};

bool tracker::done() const noexcept
{
    return state_->done();
}

awaitable<void> tracker::wait()
{
    return detail::delivery::wait(state_);
}

namespace {

/// What keeps the memory of a message that is sent without a copy.
struct lease {
    buffer data;
    std::shared_ptr<detail::delivery> told;
};

void end_lease(void*, void* hint) noexcept
{
    auto* const ended = static_cast<lease*>(hint);
    const auto told = std::move(ended->told);
    delete ended;
    if (told) told->finish();
}

void lend(void* to, buffer data, std::shared_ptr<detail::delivery> told)
{
    auto owner = std::make_unique<lease>();
    owner->data = std::move(data);
    owner->told = std::move(told);
    // ZeroMQ reads it only.
    void* const begin = const_cast<std::byte*>(owner->data.data());
    const std::size_t size = owner->data.size();
    if (zmq_msg_init_data(raw(to), begin, size, &end_lease, owner.get()) != 0) {
        throw std::bad_alloc();
    }
    static_cast<void>(owner.release());
}

}  // namespace

void message::make(std::span<const std::byte> data)
{
    if (zmq_msg_init_size(raw(&storage_), data.size()) != 0) throw std::bad_alloc();
    live_ = true;
    if (!data.empty()) std::memcpy(zmq_msg_data(raw(&storage_)), data.data(), data.size());
}

message::message(std::span<const std::byte> data)
{
    make(data);
}

message::message(std::string&& text)
{
    if (text.size() < copy_threshold) {
        make(as_bytes(text));
        return;
    }
    lend(&storage_, buffer(std::move(text)), nullptr);
    live_ = true;
}

message::message(bytes&& data)
{
    if (data.size() < copy_threshold) {
        make(data);
        return;
    }
    lend(&storage_, buffer(std::move(data)), nullptr);
    live_ = true;
}

message::message(buffer data)
{
    if (data.size() < copy_threshold) {
        make(data);
        return;
    }
    lend(&storage_, std::move(data), nullptr);
    live_ = true;
}

message message::share(buffer data)
{
    message m;
    lend(&m.storage_, std::move(data), nullptr);
    m.live_ = true;
    return m;
}

std::pair<message, tracker> message::track(buffer data)
{
    auto state = std::make_shared<detail::delivery>();
    message m;
    lend(&m.storage_, std::move(data), state);
    m.live_ = true;
    return {std::move(m), tracker(std::move(state))};
}

void message::release() noexcept
{
    zmq_msg_close(raw(&storage_));
    live_ = false;
}

message message::copy() const
{
    message m;
    if (!live_) return m;
    zmq_msg_init(raw(&m.storage_));
    m.live_ = true;
    if (zmq_msg_copy(raw(&m.storage_), raw(&storage_)) != 0) throw std::bad_alloc();
    return m;
}

std::span<const std::byte> message::span() const& noexcept
{
    if (!live_) return {};
    zmq_msg_t* const m = raw(&storage_);
    return {static_cast<const std::byte*>(zmq_msg_data(m)), zmq_msg_size(m)};
}

std::size_t message::size() const noexcept
{
    return live_ ? zmq_msg_size(raw(&storage_)) : 0;
}

buffer message::to_buffer() &&
{
    auto owner = std::make_shared<message>(std::move(*this));
    const auto view = owner->span();
    return buffer(std::move(owner), view);
}

bool message::more() const noexcept
{
    return live_ && zmq_msg_more(raw(&storage_)) != 0;
}

std::optional<std::string> message::metadata(const std::string& name) const
{
    if (!live_) return std::nullopt;
    const char* const text = zmq_msg_gets(raw(&storage_), name.c_str());
    if (text == nullptr) return std::nullopt;
    return std::string{text};
}

void message::begin() noexcept
{
    zmq_msg_init(raw(&storage_));
    live_ = true;
}

multipart copy(const multipart& of)
{
    multipart all;
    all.reserve(of.size());
    for (const message& m : of) all.push_back(m.copy());
    return all;
}

}  // namespace ferry::zmq

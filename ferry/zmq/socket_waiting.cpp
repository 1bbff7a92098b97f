// How a socket's messages are sent and received, and how one waits for that.
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/detail/socket_core.hpp"
#include "ferry/zmq/error.hpp"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ferry::zmq::detail {
namespace {

zmq_msg_t* raw(message& m) noexcept
{
    return static_cast<zmq_msg_t*>(m.handle());
}

class alarm final : public timer {
public:
    explicit alarm(std::chrono::milliseconds limit)
    {
        if (limit >= limit.zero()) end_ = after(limit);
    }
    /// Wakes `w` at the end, or so soon if that is earlier; it must outlive that, or stop() be
    /// called.
    void wakes(waiter& w, std::chrono::milliseconds soon = forever)
    {
        sleeper_ = &w;
        const auto when = soon < soon.zero() ? end_ : std::min(end_, after(soon));
        if (when != clock::time_point::max()) start(when);
    }
    bool over() const noexcept { return over_; }

private:
    void expired() noexcept override
    {
        over_ = clock::now() >= end_;
        sleeper_->wake();
    }

    clock::time_point end_ = clock::time_point::max();
    waiter* sleeper_ = nullptr;
    bool over_ = false;
};

/// Whether the socket's events say pollout although a send may have to wait, for one full peer.
bool claims_to_be_ready(socket_type type) noexcept
{
    return type == router || type == xpub || type == pub || type == stream || type == rep;
}

/// How long a send to such a socket waits at most before it tries again.
constexpr std::chrono::milliseconds longest_doubt{10};

}  // namespace

/// The turns that one sender or receiver waits for, until its attempt succeeds.
class socket_core::turn {
public:
    turn(socket_core& s, waiter_list& line, std::chrono::milliseconds limit, const char* doing)
        : socket_{s}, line_{line}, limit_{limit}, doing_{doing}, alarm_{limit}
    {
    }

    /// Returns when another attempt is worth it.
    awaitable<void> next()
    {
        if (alarm_.over() || limit_ == limit_.zero()) {
            throw timeout_error(socket_.description() + ": " + doing_, limit_);
        }
        // The attempt has heard all there was to hear: what comes from now on makes the descriptor
        // readable. Unless the events were looked at since, for others who wait.
        const bool doubtful = &line_ == &socket_.senders_ && claims_to_be_ready(socket_.type_);
        if (!doubtful && socket_.looked_ && (socket_.events() & wanted()) != 0) co_return;
        socket_.row_ = 0;
        descriptor_watch& watch = socket_.watch();
        waiter me;
        line_.push_back(me);
        const leaving out(socket_);
        watch.arm();
        alarm_.wakes(me, doubtful ? longest_doubt : forever);
        co_await me.park();
        alarm_.stop();
    }

private:
    poll_events wanted() const noexcept { return &line_ == &socket_.senders_ ? pollout : pollin; }

    struct leaving {
        explicit leaving(socket_core& s) noexcept : socket{s} {}
        leaving(const leaving&) = delete;
        leaving& operator=(const leaving&) = delete;
        ~leaving() { socket.abandoned(); }
        socket_core& socket;
    };

    socket_core& socket_;
    waiter_list& line_;
    std::chrono::milliseconds limit_;
    const char* doing_;
    alarm alarm_;
};

// Sending and receiving

int socket_core::send_now(message& m, int flags) noexcept
{
    zmq_msg_t* const frame = raw(m);
    for (;;) {
        if (zmq_msg_send(frame, handle_, flags | ZMQ_DONTWAIT) >= 0) {
            m.taken();
            return 0;
        }
        if (const int number = last_failure(); number != EINTR) return number;
    }
}

int socket_core::receive_now(message& m) noexcept
{
    zmq_msg_t* const frame = raw(m);
    for (;;) {
        if (zmq_msg_recv(frame, handle_, ZMQ_DONTWAIT) >= 0) return 0;
        if (const int number = last_failure(); number != EINTR) return number;
    }
}

bool socket_core::try_send(message& m, int flags)
{
    check_use();
    looked_ = false;
    int number = send_now(m, flags);
    // A send that fails has not always heard of new peers and of room; who asks for the events has.
    if (number == EAGAIN && (ask().value_or(pollout) & pollout) != 0) number = send_now(m, flags);
    if (type_ == socket_type::stream) watch().arm();
    // Two senders that wait for full peers must not wake each other for ever.
    if (waited_for()) look(number == 0 || !claims_to_be_ready(type_));
    if (number == 0) return true;
    if (number == EAGAIN) return false;
    throw_failed(number, "send");
}

// As try_send() and try_receive() one after the other, looking at the socket once: nobody else runs
// meanwhile. A failure behind the first message comes again with the next attempt.
std::size_t socket_core::try_send_some(std::span<message> from)
{
    std::size_t count = 0;
    if (!from.empty() && try_send(from.front(), 0)) {
        for (++count; count < from.size() && send_now(from[count], 0) == 0;) ++count;
        if (count > 1) called();
    }
    return count;
}

bool socket_core::try_receive(message& m)
{
    check_use();
    looked_ = false;
    const int number = receive_now(m);
    called();
    if (number == 0) return true;
    if (number == EAGAIN) return false;
    throw_failed(number, "receive");
}

std::size_t socket_core::try_receive_some(std::span<message> into)
{
    std::size_t count = 0;
    if (!into.empty() && try_receive(into.front())) {
        for (++count; count < into.size() && receive_now(into[count]) == 0;) ++count;
        if (count > 1) called();
    }
    return count;
}

bool socket_core::try_send_all(multipart& all)
{
    if (all.empty()) throw error(errc::bad_message, "send: a message has one frame at least");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool last = i + 1 == all.size();
        if (try_send(all[i], last ? 0 : ZMQ_SNDMORE)) continue;
        if (i == 0) return false;
        throw error(errc::wrong_state, description() + ": a message was taken in part");
    }
    return true;
}

bool socket_core::try_receive_all(multipart& all)
{
    message m;
    if (!try_receive(m)) return false;
    all.push_back(std::move(m));
    while (all.back().more()) {
        message next;
        if (!try_receive(next)) {
            throw error(errc::bad_message, description() + ": a message came in part");
        }
        all.push_back(std::move(next));
    }
    return true;
}

awaitable<void> socket_core::rest()
{
    row_ = 0;
    waiter me;
    co_await me.pass();
}

// What usually succeeds at once has a small coroutine or none, and what waits another.

awaitable<void> socket_core::send(self_ptr self, message m, int flags, bool attempted)
{
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_send(m, flags)) co_return;
    }
    co_await self->send_later(&m, flags);
}

awaitable<void> socket_core::send_later(message* m, int flags)
{
    turn mine(*this, senders_, send_limit, "send");
    do {
        co_await mine.next();
    } while (!try_send(*m, flags));
}

awaitable<void> socket_core::send_all(self_ptr self, multipart all)
{
    if (!self->in_a_row()) co_await self->rest();
    if (self->try_send_all(all)) co_return;
    turn mine(*self, self->senders_, self->send_limit, "send");
    do {
        co_await mine.next();
    } while (!self->try_send_all(all));
}

awaitable<void> socket_core::receive_into(self_ptr self, message* into, bool attempted)
{
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_receive(*into)) co_return;
    }
    co_await self->receive_later(into);
}

awaitable<std::size_t> socket_core::receive_some(self_ptr self, std::span<message> into)
{
    if (!self->in_a_row()) co_await self->rest();
    const std::size_t count = self->try_receive_some(into);
    if (count > 0 || into.empty()) {
        self->row_ += static_cast<unsigned>(count);
        co_return count;
    }
    co_await self->receive_later(&into.front());
    co_return 1;
}

awaitable<void> socket_core::send_each(self_ptr self, std::span<message> from)
{
    while (!from.empty()) {
        if (!self->in_a_row()) co_await self->rest();
        std::size_t count =
            self->try_send_some(from.first(std::min(from.size(), self->rest_of_row())));
        if (count == 0) {
            co_await self->send_later(&from.front(), 0);
            count = 1;
        }
        self->row_ += static_cast<unsigned>(count);
        from = from.subspan(count);
    }
}

awaitable<message> socket_core::receive(self_ptr self, bool attempted)
{
    message m;
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_receive(m)) co_return m;
    }
    co_await self->receive_later(&m);
    co_return m;
}

awaitable<void> socket_core::receive_later(message* into)
{
    turn mine(*this, receivers_, receive_limit, "receive");
    do {
        co_await mine.next();
    } while (!try_receive(*into));
}

awaitable<multipart> socket_core::receive_all(self_ptr self)
{
    multipart all;
    if (!self->in_a_row()) co_await self->rest();
    if (self->try_receive_all(all)) co_return all;
    turn mine(*self, self->receivers_, self->receive_limit, "receive");
    do {
        co_await mine.next();
    } while (!self->try_receive_all(all));
    co_return all;
}

void socket_core::on_receive(std::function<void(multipart)> f)
{
    check_use();
    if (handing_on_) handing_on_->cancel();
    handing_on_.reset();
    if (f) handing_on_ = spawn(hand_on(shared_from_this(), std::move(f)), "on_receive");
}

awaitable<void> socket_core::hand_on(self_ptr self, std::function<void(multipart)> f)
{
    try {
        for (;;) {
            auto next = receive_all(self);
            multipart all = co_await std::move(next);
            f(std::move(all));
        }
    } catch (const context_terminated&) {
        co_return;
    }
}

// Waiting

std::optional<poll_events> socket_core::ask() noexcept
{
    int now = 0;
    std::size_t size = sizeof(now);
    while (zmq_getsockopt(handle_, ZMQ_EVENTS, &now, &size) != 0) {
        if (last_failure() != EINTR) return std::nullopt;
    }
    return now;
}

poll_events socket_core::events()
{
    check_use();
    looked_ = true;
    const auto now = ask();
    if (!now) fail("wait");
    // To look is to swallow what would have woken those who wait.
    if (waited_for()) tell(*now, !claims_to_be_ready(type_));
    return *now;
}

descriptor_watch& socket_core::watch()
{
    if (!watch_) {
        int fd = -1;
        std::size_t size = sizeof(fd);
        if (zmq_getsockopt(handle_, ZMQ_FD, &fd, &size) != 0) fail("watch");
        watch_ = std::make_unique<descriptor_watch>(fd, [this] { stirred(); });
    }
    return *watch_;
}

void socket_core::stirred() noexcept
{
    const bool one_kind = watchers_.empty() && receivers_.empty() != senders_.empty();
    if (one_kind) {
        // Its attempt asks libzmq all that look() would.
        (senders_.empty() ? receivers_ : senders_).wake_one();
    } else if (waited_for()) {
        look();
    } else if (type_ == socket_type::stream) {
        static_cast<void>(ask());
    }
    // A STREAM closes a connection in several steps, each of which takes a call.
    if (waited_for() || type_ == socket_type::stream) watch_->arm();
}

void socket_core::look(bool wake_senders) noexcept
{
    looked_ = true;
    const auto now = ask();
    if (!now) {
        receivers_.wake_all();
        senders_.wake_all();
        for (watcher* const w : watchers_) w->ready(pollerr);
        return;
    }
    tell(*now, wake_senders);
}

void socket_core::tell(poll_events now, bool wake_senders) noexcept
{
    if ((now & pollin) != 0) receivers_.wake_one();
    if ((now & pollout) != 0 && wake_senders) senders_.wake_one();
    for (watcher* const w : watchers_) {
        if ((now & w->wanted) != 0) w->ready(now & w->wanted);
    }
    if (waited_for()) watch_->arm();
}

void socket_core::abandoned() noexcept
{
    if (watch_ && !waited_for()) watch_->disarm();
}

void socket_core::add(watcher& w)
{
    check_use();
    watch().arm();
    watchers_.push_back(&w);
}

void socket_core::remove(watcher& w) noexcept
{
    std::erase(watchers_, &w);
    abandoned();
}

awaitable<poll_events> socket_core::wait(self_ptr self, poll_events wanted,
                                         std::chrono::milliseconds limit)
{
    class waiting final : public watcher {
    public:
        waiting(socket_core& s, poll_events w) : socket{s}
        {
            wanted = w;
            socket.add(*this);
        }
        ~waiting() override { socket.remove(*this); }
        void ready(poll_events) noexcept override { me.wake(); }
        socket_core& socket;
        waiter me;
    };
    if (!self->in_a_row()) co_await self->rest();
    alarm end(limit);
    for (;;) {
        const poll_events now = self->events() & wanted;
        if (now != 0 || limit == limit.zero() || end.over()) co_return now;
        self->row_ = 0;
        waiting w(*self, wanted);
        end.wakes(w.me);
        co_await w.me.park();
        end.stop();
    }
}

}  // namespace ferry::zmq::detail

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

/// The turns that one sender or receiver waits for, until its attempt succeeds:
///
///     do {
///         if (mine.is_to_come()) co_await mine.park();
///     } while (!attempt);
class socket_core::turn final : public waiter {
public:
    turn(socket_core& s, waiter_list& line, std::chrono::milliseconds limit, const char* doing)
        : socket_{s}, line_{line}, limit_{limit}, doing_{doing}, alarm_{limit}
    {
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() override
    {
        if (queued_) socket_.abandoned();
    }

    /// Whether it has to be waited for; otherwise another attempt is worth it at once.
    bool is_to_come()
    {
        alarm_.stop();
        if (alarm_.over() || limit_ == limit_.zero()) {
            throw timeout_error(socket_.description() + ": " + doing_, limit_);
        }
        // The attempt has heard all there was to hear: what comes from now on makes the descriptor
        // readable. Unless the events were looked at since, for others who wait.
        const bool doubtful = &line_ == &socket_.senders_ && claims_to_be_ready(socket_.type_);
        if (!doubtful && socket_.looked_ && (socket_.events() & wanted()) != 0) return false;
        socket_.begin_row();
        descriptor_watch& watch = socket_.watch();
        reset();
        line_.push_back(*this);
        queued_ = true;
        watch.arm();
        alarm_.wakes(*this, doubtful ? longest_doubt : forever);
        return true;
    }

private:
    poll_events wanted() const noexcept { return &line_ == &socket_.senders_ ? pollout : pollin; }

    socket_core& socket_;
    waiter_list& line_;
    std::chrono::milliseconds limit_;
    const char* doing_;
    alarm alarm_;
    bool queued_ = false;
};

// Sending and receiving

int socket_core::send_now(message& m, int flags) noexcept
{
    m.handle();
    for (;;) {
        if (pass_send(m, flags)) return 0;
        if (const int number = last_failure(); number != EINTR) return number;
    }
}

int socket_core::receive_now(message& m) noexcept
{
    m.handle();
    for (;;) {
        if (pass_receive(m)) return 0;
        if (const int number = last_failure(); number != EINTR) return number;
    }
}

bool socket_core::try_send(message& m, int flags)
{
    check_use();
    return sent(send_now(m, flags), m, flags);
}

bool socket_core::sent(int number, message& m, int flags)
{
    looked_ = false;
    if (number == EINTR) number = send_now(m, flags);
    // A send that fails has not always heard of new peers and of room; who asks for the events has.
    if (number == EAGAIN && (ask().value_or(pollout) & pollout) != 0) number = send_now(m, flags);
    if (type_ == socket_type::stream) watch().arm();
    // Two senders that wait for full peers must not wake each other for ever.
    if (waited_for()) look(number == 0 || !claims_to_be_ready(type_));
    give_credit();
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
    return received(receive_now(m), m);
}

bool socket_core::received(int number, message& m)
{
    looked_ = false;
    if (number == EINTR) number = receive_now(m);
    called();
    give_credit();
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

bool socket_core::goes_on() noexcept
{
    const auto now = std::chrono::steady_clock::now();
    if (!std::exchange(is_long_, true)) long_since_ = now;
    if (now - long_since_ >= longest_row) return false;
    left_in_row_ = least_row;
    return true;
}

awaitable<void> socket_core::rest()
{
    begin_row();
    waiter me;
    co_await me.pass();
}

awaitable<void> socket_core::send(self_ptr self, message m, int flags, bool attempted)
{
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_send(m, flags)) co_return;
    }
    turn mine(*self, self->senders_, self->send_limit, "send");
    do {
        if (mine.is_to_come()) co_await mine.park();
    } while (!self->try_send(m, flags));
}

awaitable<void> socket_core::send_all(self_ptr self, multipart all)
{
    if (!self->in_a_row()) co_await self->rest();
    if (self->try_send_all(all)) co_return;
    turn mine(*self, self->senders_, self->send_limit, "send");
    do {
        if (mine.is_to_come()) co_await mine.park();
    } while (!self->try_send_all(all));
}

awaitable<void> socket_core::send_each(self_ptr self, std::span<message> from)
{
    while (!from.empty()) {
        if (!self->in_a_row()) co_await self->rest();
        const auto in_row = [&] { return from.first(std::min(from.size(), self->rest_of_row())); };
        std::size_t count = self->try_send_some(in_row());
        if (count == 0) {
            turn mine(*self, self->senders_, self->send_limit, "send");
            do {
                if (mine.is_to_come()) co_await mine.park();
                count = self->try_send_some(in_row());
            } while (count == 0);
        }
        from = from.subspan(count);
    }
}

awaitable<message> socket_core::receive(self_ptr self, message m, bool attempted)
{
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_receive(m)) co_return m;
    }
    turn mine(*self, self->receivers_, self->receive_limit, "receive");
    do {
        if (mine.is_to_come()) co_await mine.park();
    } while (!self->try_receive(m));
    co_return m;
}

awaitable<void> socket_core::receive_into(self_ptr self, message* into, bool attempted)
{
    if (!attempted) {
        if (!self->in_a_row()) co_await self->rest();
        if (self->try_receive(*into)) co_return;
    }
    turn mine(*self, self->receivers_, self->receive_limit, "receive");
    do {
        if (mine.is_to_come()) co_await mine.park();
    } while (!self->try_receive(*into));
}

awaitable<std::size_t> socket_core::receive_some(self_ptr self, std::span<message> into)
{
    if (into.empty()) co_return 0;
    if (!self->in_a_row()) co_await self->rest();
    std::size_t count = self->try_receive_some(into);
    if (count == 0) {
        turn mine(*self, self->receivers_, self->receive_limit, "receive");
        do {
            if (mine.is_to_come()) co_await mine.park();
            count = self->try_receive_some(into);
        } while (count == 0);
    }
    co_return count;
}

awaitable<multipart> socket_core::receive_all(self_ptr self)
{
    multipart all;
    if (!self->in_a_row()) co_await self->rest();
    if (self->try_receive_all(all)) co_return all;
    turn mine(*self, self->receivers_, self->receive_limit, "receive");
    do {
        if (mine.is_to_come()) co_await mine.park();
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
    left_in_row_ += std::exchange(credit_, 0);
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
    --self->credit_;
    if (!self->in_a_row()) co_await self->rest();
    alarm end(limit);
    for (;;) {
        const poll_events now = self->events() & wanted;
        if (now != 0 || limit == limit.zero() || end.over()) co_return now;
        self->begin_row();
        waiting w(*self, wanted);
        end.wakes(w.me);
        co_await w.me.park();
        end.stop();
    }
}

}  // namespace ferry::zmq::detail

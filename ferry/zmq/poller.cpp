#include "ferry/zmq/poller.hpp"

#include "ferry/async/descriptor.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/socket_core.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <deque>

namespace ferry::zmq {
namespace {

using socket_list = std::vector<std::pair<std::shared_ptr<detail::socket_core>, poll_events>>;
using descriptor_list = std::vector<std::pair<int, poll_events>>;

template <class List, class Key>
auto find(List& list, const Key& key)
{
    return std::ranges::find_if(list, [&](const auto& entry) { return entry.first == key; });
}

poll_events from_system(short seen)
{
    poll_events all = 0;
    if ((seen & (POLLIN | POLLHUP)) != 0) all |= pollin;
    if ((seen & POLLOUT) != 0) all |= pollout;
    if ((seen & (POLLERR | POLLNVAL)) != 0) all |= pollerr;
    return all;
}

/// What is ready of the descriptors now.
descriptor_list ready_of(const descriptor_list& wanted)
{
    std::vector<pollfd> all;
    all.reserve(wanted.size());
    for (const auto& [fd, events] : wanted) {
        pollfd p{};
        p.fd = fd;
        if ((events & pollin) != 0) p.events |= POLLIN;
        if ((events & pollout) != 0) p.events |= POLLOUT;
        all.push_back(p);
    }
    if (!all.empty() && ::poll(all.data(), all.size(), 0) < 0 && errno != EINTR) {
        throw system_failure(errno, "poll");
    }
    descriptor_list ready;
    for (const pollfd& p : all) {
        if (const poll_events e = from_system(p.revents); e != 0) ready.emplace_back(p.fd, e);
    }
    return ready;
}

awaitable<void> wake_when(awaitable<void> ready, std::shared_ptr<waiter> who)
{
    co_await std::move(ready);
    who->wake();
}

/// Sees to it that `who` is woken when one of the sockets becomes ready.
class watchers {
public:
    watchers(const socket_list& sockets, waiter& who)
    {
        for (const auto& [core, wanted] : sockets) {
            each_.emplace_back(*core, wanted, who);
        }
    }

private:
    class one final : public detail::watcher {
    public:
        one(detail::socket_core& s, poll_events w, waiter& who) : socket_{s}, who_{who}
        {
            wanted = w;
            socket_.add(*this);
        }
        ~one() override { socket_.remove(*this); }
        void ready(poll_events) noexcept override { who_.wake(); }

    private:
        detail::socket_core& socket_;
        waiter& who_;
    };
    std::deque<one> each_;
};

}  // namespace

poll_events poll_result::operator[](const socket& s) const noexcept
{
    for (const auto& [core, events] : sockets_) {
        if (core == s.core_.get()) return events;
    }
    return 0;
}

poll_events poll_result::operator[](int fd) const noexcept
{
    const auto at = find(descriptors_, fd);
    return at == descriptors_.end() ? 0 : at->second;
}

void poller::add(const socket& s, poll_events wanted)
{
    const auto at = find(sockets_, s.core_);
    if (at != sockets_.end()) {
        at->second = wanted;
    } else {
        sockets_.emplace_back(s.core_, wanted);
    }
}

void poller::add(int fd, poll_events wanted)
{
    const auto at = find(descriptors_, fd);
    if (at != descriptors_.end()) {
        at->second = wanted;
    } else {
        descriptors_.emplace_back(fd, wanted);
    }
}

void poller::remove(const socket& s) noexcept
{
    std::erase_if(sockets_, [&](const auto& entry) { return entry.first == s.core_; });
}

void poller::remove(int fd) noexcept
{
    std::erase_if(descriptors_, [&](const auto& entry) { return entry.first == fd; });
}

awaitable<poll_result> poller::poll(std::chrono::milliseconds limit) const
{
    // Copies, so that the poller may change, or end, while it waits.
    auto wait = [](socket_list sockets, descriptor_list descriptors,
                   std::chrono::milliseconds most) -> awaitable<poll_result> {
        const auto end = most < most.zero() ? timer::clock::time_point::max() : after(most);
        for (;;) {
            poll_result found;
            for (const auto& [core, wanted] : sockets) {
                const poll_events now = core->events() & wanted;
                if (now != 0) found.sockets_.emplace_back(core.get(), now);
            }
            found.descriptors_ = ready_of(descriptors);
            if (!found.empty()) {
                co_await yield_now();
                co_return found;
            }
            if (timer::clock::now() >= end) co_return found;

            const auto me = std::make_shared<waiter>();
            const watchers watching(sockets, *me);
            scope waiting;
            for (const auto& [fd, wanted] : descriptors) {
                if ((wanted & pollin) != 0) waiting.start(wake_when(wait_readable(fd), me));
                if ((wanted & pollout) != 0) waiting.start(wake_when(wait_writable(fd), me));
            }
            if (end != timer::clock::time_point::max()) {
                waiting.start(wake_when(sleep(end - timer::clock::now()), me));
            }
            co_await me->park();
        }
    };
    return wait(sockets_, descriptors_, limit);
}

}  // namespace ferry::zmq

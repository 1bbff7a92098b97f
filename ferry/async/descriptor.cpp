#include "ferry/async/descriptor.hpp"

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/loop_access.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry {

using boost::asio::posix::stream_descriptor;

class descriptor_watch::impl : public std::enable_shared_from_this<impl> {
public:
    impl(int fd, std::function<void()> f) : ready{std::move(f)}
    {
        boost::system::error_code ec;
        io.assign(fd, ec);
        if (ec) throw system_failure(ec.value(), "watch a descriptor");
    }

    void arm(stream_descriptor::wait_type what)
    {
        if (armed) return;
        armed = true;
        io.async_wait(what, [self = shared_from_this(), n = ++round](boost::system::error_code) {
            // A failure is for the one who reads to find.
            if (self->round != n || !std::exchange(self->armed, false)) return;
            detail::loop_core::current().in_turn([&] { self->ready(); });
        });
    }

    void disarm() noexcept
    {
        if (!std::exchange(armed, false)) return;
        boost::system::error_code ignored;
        io.cancel(ignored);
    }

    loop owner = loop::current();  ///< lives as long as its objects
    stream_descriptor io{loop_access::executor()};
    std::function<void()> ready;
    bool armed = false;
    unsigned long round = 0;  ///< which arming a completion belongs to
};

descriptor_watch::descriptor_watch(int fd, std::function<void()> ready)
    : impl_{std::make_shared<impl>(fd, std::move(ready))}
{
}

descriptor_watch::~descriptor_watch()
{
    impl_->armed = false;
    impl_->io.release();
}

void descriptor_watch::arm()
{
    impl_->arm(stream_descriptor::wait_read);
}

void descriptor_watch::disarm() noexcept
{
    impl_->disarm();
}

bool descriptor_watch::armed() const noexcept
{
    return impl_->armed;
}

namespace {

/// One wait on a copy of the descriptor, so that any number may wait for the same one.
class single_wait {
public:
    explicit single_wait(int fd)
    {
        const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) throw system_failure(errno, "watch a descriptor");
        boost::system::error_code ec;
        io_.assign(copy, ec);
        if (ec) {
            ::close(copy);
            throw system_failure(ec.value(), "watch a descriptor");
        }
    }

    /// `me` must outlive the wait, or be taken back by giving null.
    void start(stream_descriptor::wait_type what, waiter* me)
    {
        *waiting_ = me;
        io_.async_wait(what, [waiting = waiting_](boost::system::error_code) {
            if (*waiting != nullptr) (*waiting)->wake();
        });
    }

    single_wait(const single_wait&) = delete;
    single_wait& operator=(const single_wait&) = delete;
    ~single_wait() { *waiting_ = nullptr; }

private:
    std::shared_ptr<waiter*> waiting_ = std::make_shared<waiter*>(nullptr);
    stream_descriptor io_{loop_access::executor()};
};

awaitable<void> wait_for(int fd, stream_descriptor::wait_type what)
{
    waiter me;
    single_wait wait(fd);
    wait.start(what, &me);
    co_await me.park();
}

}  // namespace

awaitable<void> wait_readable(int fd)
{
    return wait_for(fd, stream_descriptor::wait_read);
}

awaitable<void> wait_writable(int fd)
{
    return wait_for(fd, stream_descriptor::wait_write);
}

}  // namespace ferry

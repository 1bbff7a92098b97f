#include "ferry/async/descriptor.hpp"

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/async/loop_access.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry {

using boost::asio::posix::stream_descriptor;

/// An operation of Asio's reactor that is started again and again. Asio registers a descriptor
/// edge-triggered, and makes a note of an edge for which nobody waits. Its own waits do not look at
/// the note but ask epoll, with a system call each.
class descriptor_watch::impl final : public boost::asio::detail::reactor_op {
public:
    impl(int fd, std::function<void()> ready)
        : reactor_op{boost::system::error_code(), &impl::take_edge, &impl::complete},
          ready_{std::move(ready)},
          reactor_{boost::asio::use_service<reactor>(loop_->context())},
          fd_{fd}
    {
        if (const int failure = reactor_.register_descriptor(fd_, entry_); failure != 0) {
            reactor_.cleanup_descriptor_data(entry_);
            throw system_failure(failure, "watch a descriptor");
        }
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    void arm()
    {
        if (!std::exchange(armed_, true) && !started_) start();
    }

    void disarm() noexcept
    {
        if (std::exchange(armed_, false) && started_) reactor_.cancel_ops(fd_, entry_);
    }

    bool armed() const noexcept { return armed_; }

    /// Ends the watch, and its own life as soon as the reactor lets go of it.
    static void retire(std::unique_ptr<impl> self) noexcept
    {
        const auto loop = std::move(self->loop_);
        self->armed_ = false;
        self->reactor_.deregister_descriptor(self->fd_, self->entry_, false);
        self->reactor_.cleanup_descriptor_data(self->entry_);
        if (self->started_) self.release()->retired_ = true;
    }

private:
    using reactor = boost::asio::detail::reactor;

    void start()
    {
        started_ = true;
        ec_ = boost::system::error_code();
        reactor_.start_op(reactor::read_op, fd_, entry_, this, true, true);
    }

    /// Asked when an edge comes, and at the start if there is the note of one; takes it away.
    static status take_edge(reactor_op*) noexcept { return done_and_exhausted; }

    /// A failure is for the one who reads to find.
    static void complete(void* scheduler, boost::asio::detail::operation* op,
                         const boost::system::error_code&, std::size_t) noexcept
    {
        impl& self = *static_cast<impl*>(op);
        self.started_ = false;
        if (self.retired_) {
            delete &self;
        } else if (scheduler != nullptr && self.armed_) {
            // Armed again after it was disarmed, it has not waited yet.
            if (self.ec_ == boost::asio::error::operation_aborted) return self.start();
            self.armed_ = false;
            self.loop_->in_turn([&] { self.ready_(); });
        }
    }

    /// Lives as long as its objects.
    std::shared_ptr<detail::loop_core> loop_ = detail::loop_core::current().shared_from_this();
    std::function<void()> ready_;
    reactor& reactor_;
    reactor::per_descriptor_data entry_ = nullptr;
    int fd_;
    bool armed_ = false;
    bool started_ = false;  ///< the reactor has the operation
    bool retired_ = false;
};

descriptor_watch::descriptor_watch(int fd, std::function<void()> ready)
    : impl_{std::make_unique<impl>(fd, std::move(ready))}
{
}

descriptor_watch::~descriptor_watch()
{
    impl::retire(std::move(impl_));
}

void descriptor_watch::arm()
{
    impl_->arm();
}

void descriptor_watch::disarm() noexcept
{
    impl_->disarm();
}

bool descriptor_watch::armed() const noexcept
{
    return impl_->armed();
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

#pragma once

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>

namespace ferry::detail {

/// What other threads wake a loop with. Asio's post() does it with a lock held that the loop,
/// awake, has to wait for: two more switches of threads each time.
///
/// An operation of the reactor that never ends and does not count as work. Nobody reads the event
/// descriptor: each write is an edge of its own. Belongs to the loop's context, which deletes it.
class loop_core::doorbell final : public boost::asio::detail::reactor_op {
public:
    /// \throws error  no descriptor is left.
    static doorbell* hang(loop_core& at)
    {
        auto bell = std::unique_ptr<doorbell>(new doorbell(at));
        if (bell->fd_ < 0) throw system_failure(errno, "make an event descriptor");
        const int failure = bell->reactor_.register_internal_descriptor(reactor::read_op, bell->fd_,
                                                                        bell->entry_, bell.get());
        doorbell* const hung = bell.release();
        if (failure != 0) throw system_failure(failure, "watch an event descriptor");
        return hung;
    }

    /// Any thread.
    void ring() const noexcept { ::eventfd_write(fd_, 1); }

private:
    using reactor = boost::asio::detail::reactor;

    explicit doorbell(loop_core& at)
        : reactor_op{boost::system::error_code(), &doorbell::take_edge, &doorbell::complete},
          loop_{at},
          reactor_{boost::asio::use_service<reactor>(at.context())},
          fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
    {
    }
    ~doorbell()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    friend std::default_delete<doorbell>;

    static status take_edge(reactor_op*) noexcept { return done_and_exhausted; }

    static void complete(void* scheduler, boost::asio::detail::operation* op,
                         const boost::system::error_code&, std::size_t) noexcept
    {
        doorbell& self = *static_cast<doorbell*>(op);
        if (scheduler == nullptr) {
            delete &self;
            return;
        }
        // The scheduler counts it as done when this returns, and as started here.
        self.reactor_.start_op(reactor::read_op, self.fd_, self.entry_, &self, true, true);
        self.loop_.in_turn([&self] { self.loop_.take_posted(); });
    }

    loop_core& loop_;
    reactor& reactor_;
    reactor::per_descriptor_data entry_ = nullptr;
    int fd_;
};

}  // namespace ferry::detail

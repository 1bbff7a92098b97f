#include "ferry/async/detail/doorbell.hpp"

#include "ferry/core/error.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry::detail {

using boost::asio::detail::reactor;

doorbell::doorbell(std::function<void()> answer)
    : reactor_op{boost::system::error_code(), &doorbell::take_edge, &doorbell::complete},
      answer_{std::move(answer)},
      event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
{
    if (event_ < 0) throw system_failure(errno, "eventfd");
}

doorbell::~doorbell()
{
    ::close(event_);
}

void doorbell::hang_up(boost::asio::io_context& in)
{
    context_ = &in;
    reactor_ = &boost::asio::use_service<reactor>(in);
    if (const int failure = reactor_->register_descriptor(event_, entry_); failure != 0) {
        throw system_failure(failure, "watch an eventfd");
    }
    wait();
}

void doorbell::ring() const noexcept
{
    // Each write is an edge, so that nobody has to read. It fails after 2^64 of them.
    ::eventfd_write(event_, 1);
}

void doorbell::wait()
{
    reactor_->start_op(reactor::read_op, event_, entry_, this, true, true);
    context_->get_executor().on_work_finished();
}

doorbell::status doorbell::take_edge(reactor_op* op) noexcept
{
    // The scheduler takes off the work that wait() has taken off already.
    static_cast<doorbell*>(op)->context_->get_executor().on_work_started();
    return done_and_exhausted;
}

void doorbell::complete(void* scheduler, boost::asio::detail::operation* op,
                        const boost::system::error_code&, std::size_t)
{
    if (scheduler == nullptr) return;  // the context ends
    auto& self = *static_cast<doorbell*>(op);
    self.wait();
    self.answer_();
}

}  // namespace ferry::detail

#pragma once

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>

namespace ferry::detail {

/// What other threads ring to have a loop look at its letters. Asio's own post() wakes the loop's
/// thread with the lock held that this takes first: it would sleep again at once, and waking it
/// costs more than all else.
///
/// It is an operation of Asio's reactor on an eventfd, as that of a descriptor_watch; but waiting
/// for it does not count as work, so that it keeps no loop from ending.
class doorbell final : boost::asio::detail::reactor_op {
public:
    /// \param answer  is called on the thread of the loop that it is hung up in.
    explicit doorbell(std::function<void()> answer);
    doorbell(const doorbell&) = delete;
    doorbell& operator=(const doorbell&) = delete;
    /// After the end of its context.
    ~doorbell();

    /// Once, on the loop's thread.
    void hang_up(boost::asio::io_context& in);

    /// Thread-safe. What rings several times before it is answered may be answered once.
    void ring() const noexcept;

private:
    void wait();
    static status take_edge(reactor_op* op) noexcept;
    static void complete(void* scheduler, boost::asio::detail::operation* op,
                         const boost::system::error_code&, std::size_t);

    std::function<void()> answer_;
    int event_;
    boost::asio::io_context* context_ = nullptr;
    boost::asio::detail::reactor* reactor_ = nullptr;
    boost::asio::detail::reactor::per_descriptor_data entry_ = nullptr;
};

}  // namespace ferry::detail

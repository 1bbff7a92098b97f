#include "ferry/net/detail/descriptor.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/loop_access.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry::net::detail {

namespace asio = boost::asio;

class descriptor::impl {
public:
    explicit impl(int fd) : io{loop_access::executor()}
    {
        boost::system::error_code ec;
        io.assign(asio::generic::stream_protocol(AF_UNSPEC, 0), fd, ec);
        if (!ec) io.non_blocking(true, ec);
        if (ec) {
            if (!io.is_open()) ::close(fd);
            throw system_failure(ec.value(), "watch a descriptor");
        }
    }

    /// Whether an operation that Asio has aborted was meant. Cancelling one direction aborts the
    /// other too, which then has to start again.
    bool meant(direction d, asio::cancellation_state state) noexcept
    {
        const bool interrupted = std::exchange(interrupted_[static_cast<int>(d)], false);
        return interrupted || !io.is_open() || state.cancelled() != asio::cancellation_type::none;
    }

    loop owner = loop::current();               ///< lives as long as its descriptors
    asio::generic::stream_protocol::socket io;  ///< recv() costs less than read()
    bool interrupted_[2] = {false, false};
    bool pending_[2] = {false, false};

    /// Marks a direction as waiting.
    struct waiting {
        impl& self;
        int index;
        waiting(impl& s, direction d) noexcept : self{s}, index{static_cast<int>(d)}
        {
            self.pending_[index] = true;
            self.interrupted_[index] = false;
        }
        waiting(const waiting&) = delete;
        waiting& operator=(const waiting&) = delete;
        ~waiting() { self.pending_[index] = false; }
    };

    static awaitable<std::size_t> read(std::shared_ptr<impl> self, std::span<std::byte> into)
    {
        const auto state = co_await asio::this_coro::cancellation_state;
        const waiting mark(*self, direction::reading);
        for (;;) {
            if (self->meant(direction::reading, state)) throw cancelled();
            auto operation = self->io.async_receive(asio::buffer(into.data(), into.size()),
                                                    asio::as_tuple(asio::deferred));
            const auto [ec, count] = co_await std::move(operation);
            if (!ec) co_return count;
            if (ec == asio::error::eof) co_return 0;
            if (ec != asio::error::operation_aborted && ec != asio::error::bad_descriptor) {
                throw connection_error(std::error_code(ec.value(), std::system_category()),
                                       "read: " + ec.message());
            }
        }
    }

    static awaitable<void> wait(std::shared_ptr<impl> self, direction d)
    {
        const auto state = co_await asio::this_coro::cancellation_state;
        const waiting mark(*self, d);
        const auto what =
            d == direction::reading ? asio::socket_base::wait_read : asio::socket_base::wait_write;
        for (;;) {
            if (self->meant(d, state)) throw cancelled();
            auto operation = self->io.async_wait(what, asio::as_tuple(asio::deferred));
            const auto [ec] = co_await std::move(operation);
            if (!ec) co_return;
            if (ec != asio::error::operation_aborted && ec != asio::error::bad_descriptor) {
                throw connection_error(std::error_code(ec.value(), std::system_category()),
                                       "wait: " + ec.message());
            }
        }
    }
};

descriptor::descriptor(int fd) : impl_{std::make_shared<impl>(fd)} {}
descriptor::descriptor(descriptor&&) noexcept = default;
descriptor& descriptor::operator=(descriptor&&) noexcept = default;

descriptor::~descriptor()
{
    if (impl_) close();
}

int descriptor::fd() const noexcept
{
    return impl_->io.is_open() ? impl_->io.native_handle() : -1;
}

awaitable<std::size_t> descriptor::read_some(std::span<std::byte> into) const
{
    return impl::read(impl_, into);
}

awaitable<void> descriptor::ready(direction d) const
{
    return impl::wait(impl_, d);
}

void descriptor::interrupt(direction d) const noexcept
{
    if (!impl_->pending_[static_cast<int>(d)]) return;
    impl_->interrupted_[static_cast<int>(d)] = true;
    boost::system::error_code ignored;
    impl_->io.cancel(ignored);
}

void descriptor::close() noexcept
{
    boost::system::error_code ignored;
    impl_->io.close(ignored);
}

int descriptor::release() noexcept
{
    return impl_->io.release();
}

}  // namespace ferry::net::detail

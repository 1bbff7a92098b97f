#include "ferry/async/signals.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/loop_access.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/signal_set.hpp>

#include <utility>

namespace ferry {

class signals::impl {
public:
    static awaitable<int> next(std::shared_ptr<impl> self)
    {
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) throw cancelled();
        auto operation = self->set.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        const auto [ec, number] = co_await std::move(operation);
        if (ec) throw cancelled();
        co_return number;
    }

    loop owner = loop::current();  ///< lives as long as its objects
    boost::asio::signal_set set{loop_access::executor()};
};

signals::signals() : impl_{std::make_shared<impl>()} {}
signals::signals(signals&&) noexcept = default;
signals& signals::operator=(signals&&) noexcept = default;
signals::~signals() = default;

void signals::add(int number)
{
    boost::system::error_code ec;
    impl_->set.add(number, ec);
    if (ec) throw system_failure(ec.value(), "watch signal " + std::to_string(number));
}

awaitable<int> signals::next()
{
    return impl::next(impl_);
}

}  // namespace ferry

#include "ferry/amqp/connection.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/detail/connection_core.hpp"

namespace ferry::amqp {
namespace {

using detail::at;
using detail::channel_core;
using detail::connection_core;

awaitable<channel> open_channel(std::shared_ptr<connection_core> core, bool confirms)
{
    auto opening = connection_core::open_channel(std::move(core));
    const auto made = co_await std::move(opening);
    if (confirms) {
        auto selecting = channel_core::select_confirms(made);
        co_await std::move(selecting);
    }
    co_return channel(made);
}

awaitable<void> wait_until_open(std::shared_ptr<connection_core> core)
{
    auto opening = connection_core::ready(std::move(core));
    co_await std::move(opening);
}

}  // namespace

awaitable<channel> connection::channel()
{
    return at(core_->lives_at(), open_channel(core_, false));
}

awaitable<channel> connection::channel(confirm /*with*/)
{
    return at(core_->lives_at(), open_channel(core_, true));
}

bool connection::is_open() const noexcept
{
    return core_->is_open();
}

bool connection::is_closed() const noexcept
{
    return core_->is_closed();
}

awaitable<void> connection::ready()
{
    return at(core_->lives_at(), wait_until_open(core_));
}

std::string connection::blocked() const
{
    return core_->is_blocked() ? core_->blocked_reason() : std::string();
}

const value& connection::server_properties() const noexcept
{
    return core_->current()->server_properties();
}

void connection::on_disconnected(std::function<void(const error&)> f)
{
    core_->on_disconnected = std::move(f);
}

void connection::on_recovering(std::function<void(int)> f)
{
    core_->on_recovering = std::move(f);
}

void connection::on_recovered(std::function<void()> f)
{
    core_->on_recovered = [told = std::move(f)](std::chrono::milliseconds) { told(); };
}

void connection::on_recovered(std::function<void(std::chrono::milliseconds)> f)
{
    core_->on_recovered = std::move(f);
}

void connection::on_renamed(std::function<void(const std::string&, const std::string&)> f)
{
    core_->on_renamed = std::move(f);
}

void connection::on_blocked(std::function<void(const std::string&)> f)
{
    core_->on_blocked = std::move(f);
}

statistics connection::statistics() const
{
    return core_->snapshot();
}

awaitable<void> connection::update_secret(std::string secret, std::string reason)
{
    return at(core_->lives_at(),
              connection_core::update_secret(core_, std::move(secret), std::move(reason)));
}

awaitable<void> connection::close()
{
    return at(core_->lives_at(), connection_core::close(core_));
}

awaitable<connection> connect(options with)
{
    auto core = detail::make_at_home<connection_core>(std::move(with));
    auto opening = connection_core::open(core);
    co_await std::move(opening);
    co_return connection(std::move(core));
}

awaitable<connection> connect(std::string url)
{
    return connect(options::from_url(url));
}

}  // namespace ferry::amqp

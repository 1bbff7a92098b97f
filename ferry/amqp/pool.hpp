#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/connection.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/async/awaitable.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace ferry::amqp {

/// A channel with confirms that is its user's alone, and goes back to its pool at the end of its
/// life; one that the broker has closed is not used again.
class pooled_channel {
public:
    pooled_channel(pooled_channel&&) noexcept;
    pooled_channel& operator=(pooled_channel&&) = delete;
    ~pooled_channel();

    channel& operator*() noexcept { return *channel_; }
    channel* operator->() noexcept { return &*channel_; }

private:
    friend class pool;
    class place;
    pooled_channel(std::unique_ptr<place> from, channel c);

    std::unique_ptr<place> from_;
    std::optional<channel> channel_;
};

/// Two connections to a broker, made when they are first used: one for publishing, which an alarm
/// of the broker's may block, and one for consuming, which goes on then. And channels for
/// publishing that are used again, because opening one takes a round trip or two.
///
///     amqp::pool broker("amqp://127.0.0.1/");
///     amqp::pooled_channel out = co_await broker.publishing();
///     co_await out->basic_publish("", "orders", json::dump(order), amqp::persistent());
///
/// A handle: copies share the connections. Belongs to the loop that first uses it.
class pool {
public:
    /// \param channels  for publishing at the same time; who wants one more waits.
    explicit pool(options with, std::size_t channels = 32);
    explicit pool(std::string_view url) : pool(options::from_url(url)) {}
    explicit pool(const char* url) : pool(std::string_view(url)) {}

    /// \throws as connect() and connection::channel()
    awaitable<pooled_channel> publishing();

    /// A channel of one's own on the connection for consuming. \throws as publishing()
    awaitable<channel> consuming();

    /// Closes both connections. What is used again connects again.
    awaitable<void> close();

    class impl;

private:
    std::shared_ptr<impl> impl_;
};
static_assert(awaitable_argument<pool>);

}  // namespace ferry::amqp

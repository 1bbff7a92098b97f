#pragma once

#include "ferry/amqp/declare_options.hpp"
#include "ferry/amqp/properties.hpp"
#include "ferry/async/prompt.hpp"
#include "ferry/core/buffer.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::amqp {

namespace detail {
class channel_core;
}  // namespace detail

/// A body to publish: a text, or bytes. Long ones are not copied, and buffers are shared.
class publish_body {
public:
    template <std::convertible_to<std::string_view> Text>
    publish_body(Text&& text) : text_{std::forward<Text>(text)}
    {
        if (text_.size() > short_bytes) data_ = buffer(std::exchange(text_, {}));
    }
    publish_body(buffer data) : data_{std::move(data)} {}
    publish_body(bytes data) : data_{std::move(data)} {}

    std::size_t size() const noexcept { return text_.empty() ? data_.size() : text_.size(); }
    /// A short text; everything else is in data().
    const std::string& text() const noexcept { return text_; }
    const buffer& data() const noexcept { return data_; }

private:
    static constexpr std::size_t short_bytes = 4096;

    std::string text_;
    buffer data_;
};
static_assert(awaitable_argument<publish_body>);

/// As awaitable<void>: see channel::basic_publish(). Without confirms it is mostly done at once.
class publish_operation final : public prompt_base<publish_operation, void> {
public:
    publish_operation(std::shared_ptr<detail::channel_core> over, std::string exchange,
                      std::string routing_key, publish_body body, properties with,
                      mandatory flag) noexcept
        : over_{std::move(over)},
          exchange_{std::move(exchange)},
          routing_key_{std::move(routing_key)},
          body_{std::move(body)},
          with_{std::move(with)},
          mandatory_{flag}
    {
    }

    bool attempt();
    void result() noexcept {}
    awaitable<void> later() &&;

private:
    std::shared_ptr<detail::channel_core> over_;
    std::string exchange_;
    std::string routing_key_;
    publish_body body_;
    properties with_;
    mandatory mandatory_;
};

}  // namespace ferry::amqp

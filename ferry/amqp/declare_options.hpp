#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ferry::amqp {

/// What may be said when declaring, deleting and consuming: made from the options below.
class declare_options {
public:
    declare_options() = default;
    template <class... Options>
        requires(sizeof...(Options) > 0)
    explicit declare_options(const Options&... options)
    {
        (options.apply_to(*this), ...);
    }

    bool passive = false;
    bool durable = false;
    bool exclusive = false;
    bool auto_delete = false;
    bool internal = false;
    bool if_unused = false;
    bool if_empty = false;
    bool no_ack = false;
    bool channel_prefetch = false;
    std::optional<std::uint16_t> prefetch;
    std::string consumer_tag;
    value arguments;
};
static_assert(awaitable_argument<declare_options>);

template <class T>
concept declare_option = requires(const T& option, declare_options& to) { option.apply_to(to); };

namespace detail {

template <bool declare_options::* Member>
class declare_flag {
public:
    void apply_to(declare_options& to) const { to.*Member = true; }
};

template <auto Member, class T>
class declare_value {
public:
    explicit declare_value(T v) : value_{std::move(v)} {}
    void apply_to(declare_options& to) const { to.*Member = value_; }

private:
    T value_;
};

}  // namespace detail

/// Asks whether it exists, and creates nothing.
inline auto passive()
{
    return detail::declare_flag<&declare_options::passive>();
}
/// Survives a restart of the broker.
inline auto durable()
{
    return detail::declare_flag<&declare_options::durable>();
}
/// A queue: of this connection only, and gone with it. A consumer: the only one.
inline auto exclusive()
{
    return detail::declare_flag<&declare_options::exclusive>();
}
/// Gone when nobody uses it any more.
inline auto auto_delete()
{
    return detail::declare_flag<&declare_options::auto_delete>();
}
/// An exchange that only other exchanges publish to.
inline auto internal()
{
    return detail::declare_flag<&declare_options::internal>();
}
/// Deletes only what has no consumers or bindings.
inline auto if_unused()
{
    return detail::declare_flag<&declare_options::if_unused>();
}
/// Deletes only an empty queue.
inline auto if_empty()
{
    return detail::declare_flag<&declare_options::if_empty>();
}
/// Messages count as acknowledged when they are sent. As pika's `auto_ack`.
inline auto no_ack()
{
    return detail::declare_flag<&declare_options::no_ack>();
}
/// At most so many unacknowledged messages; 0: no limit.
inline auto prefetch(std::uint16_t n)
{
    return detail::declare_value<&declare_options::prefetch, std::uint16_t>(n);
}
/// The limit is the channel's, which basic_qos(n, true) has set before and may change.
inline auto channel_prefetch()
{
    return detail::declare_flag<&declare_options::channel_prefetch>();
}
inline auto consumer_tag(std::string name)
{
    return detail::declare_value<&declare_options::consumer_tag, std::string>(std::move(name));
}
/// `x-message-ttl`, `x-max-length`, `x-queue-type`...: an object.
inline auto arguments(value table)
{
    return detail::declare_value<&declare_options::arguments, value>(std::move(table));
}

/// A message that no queue takes comes back, and fails a publish with confirms.
class mandatory {
public:
    explicit mandatory(bool yes = true) noexcept : yes_{yes} {}
    explicit operator bool() const noexcept { return yes_; }

private:
    bool yes_;
};
static_assert(awaitable_argument<mandatory>);

}  // namespace ferry::amqp

#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::amqp {

/// What is said about a message beside its body. As pika.BasicProperties.
///
///     amqp::properties().content_type("application/json").persistent().correlation_id(id)
///
/// Texts have 255 bytes at most; an empty one is not sent. A copy is cheap.
class properties {
public:
    properties() noexcept = default;

    properties& content_type(std::string text)
    {
        return set().content_type = std::move(text), *this;
    }
    properties& content_encoding(std::string text)
    {
        return set().content_encoding = std::move(text), *this;
    }
    /// A table: an object whose members are texts, numbers, bytes, times, arrays and tables.
    properties& headers(value table) { return set().headers = std::move(table), *this; }
    properties& header(std::string_view name, value v)
    {
        set().headers.insert(name, std::move(v));
        return *this;
    }
    /// 1: lost with the broker, 2: kept on disk if the queue is durable.
    properties& delivery_mode(std::uint8_t mode) { return delivery_mode_ = mode, *this; }
    properties& persistent() { return delivery_mode(2); }
    /// 0 to 255, for queues with `x-max-priority`; higher first.
    properties& priority(std::uint8_t p) { return priority_ = p, *this; }
    properties& correlation_id(std::string text)
    {
        return set().correlation_id = std::move(text), *this;
    }
    properties& reply_to(std::string queue) { return set().reply_to = std::move(queue), *this; }
    /// Milliseconds as text.
    properties& expiration(std::string text) { return set().expiration = std::move(text), *this; }
    properties& message_id(std::string text) { return set().message_id = std::move(text), *this; }
    properties& timestamp(ferry::timestamp t) { return set().timestamp = t, *this; }
    properties& type(std::string text) { return set().type = std::move(text), *this; }
    /// Must be the user that is logged in.
    properties& user_id(std::string text) { return set().user_id = std::move(text), *this; }
    properties& app_id(std::string text) { return set().app_id = std::move(text), *this; }

    const std::string& content_type() const noexcept { return get().content_type; }
    const std::string& content_encoding() const noexcept { return get().content_encoding; }
    /// Null if there are none.
    const value& headers() const noexcept { return get().headers; }
    /// The headers, which are null then.
    value take_headers() { return fields_ ? std::exchange(set().headers, value()) : value(); }
    std::optional<std::uint8_t> delivery_mode() const noexcept { return delivery_mode_; }
    std::optional<std::uint8_t> priority() const noexcept { return priority_; }
    const std::string& correlation_id() const noexcept { return get().correlation_id; }
    const std::string& reply_to() const noexcept { return get().reply_to; }
    const std::string& expiration() const noexcept { return get().expiration; }
    const std::string& message_id() const noexcept { return get().message_id; }
    std::optional<ferry::timestamp> timestamp() const noexcept { return get().timestamp; }
    const std::string& type() const noexcept { return get().type; }
    const std::string& user_id() const noexcept { return get().user_id; }
    const std::string& app_id() const noexcept { return get().app_id; }

    /// The flags and values of a content header (section 4.2.6.1).
    /// \throws error(errc::bad_argument)
    void append_to(std::string& out) const;
    /// \throws protocol_error  the text is no such thing.
    static properties parse(std::string_view in);

private:
    // What few messages have. Copies share it until one is changed.
    struct fields {
        std::string content_type;
        std::string content_encoding;
        value headers;
        std::string correlation_id;
        std::string reply_to;
        std::string expiration;
        std::string message_id;
        std::optional<ferry::timestamp> timestamp;
        std::string type;
        std::string user_id;
        std::string app_id;
    };
    fields& set();
    const fields& get() const noexcept;

    std::optional<std::uint8_t> delivery_mode_;
    std::optional<std::uint8_t> priority_;
    std::shared_ptr<fields> fields_;
};
static_assert(awaitable_argument<properties>);

/// As an option of a publish: properties that only say this.
inline properties persistent()
{
    properties p;
    p.persistent();
    return p;
}

}  // namespace ferry::amqp

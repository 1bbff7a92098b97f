#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::amqp {

/// What is said about a message beside its body. As pika.BasicProperties.
///
///     amqp::properties().content_type("application/json").persistent().correlation_id(id)
///
/// Texts have 255 bytes at most; an empty one is not sent.
class properties {
public:
    properties() = default;

    properties& content_type(std::string text) { return content_type_ = std::move(text), *this; }
    properties& content_encoding(std::string text)
    {
        return content_encoding_ = std::move(text), *this;
    }
    /// A table: an object whose members are texts, numbers, bytes, times, arrays and tables.
    properties& headers(value table) { return headers_ = std::move(table), *this; }
    properties& header(std::string_view name, value v)
    {
        headers_.insert(name, std::move(v));
        return *this;
    }
    /// 1: lost with the broker, 2: kept on disk if the queue is durable.
    properties& delivery_mode(std::uint8_t mode) { return delivery_mode_ = mode, *this; }
    properties& persistent() { return delivery_mode(2); }
    /// 0 to 255, for queues with `x-max-priority`; higher first.
    properties& priority(std::uint8_t p) { return priority_ = p, *this; }
    properties& correlation_id(std::string text)
    {
        return correlation_id_ = std::move(text), *this;
    }
    properties& reply_to(std::string queue) { return reply_to_ = std::move(queue), *this; }
    /// Milliseconds as text.
    properties& expiration(std::string text) { return expiration_ = std::move(text), *this; }
    properties& message_id(std::string text) { return message_id_ = std::move(text), *this; }
    properties& timestamp(ferry::timestamp t) { return timestamp_ = t, *this; }
    properties& type(std::string text) { return type_ = std::move(text), *this; }
    /// Must be the user that is logged in.
    properties& user_id(std::string text) { return user_id_ = std::move(text), *this; }
    properties& app_id(std::string text) { return app_id_ = std::move(text), *this; }

    const std::string& content_type() const noexcept { return content_type_; }
    const std::string& content_encoding() const noexcept { return content_encoding_; }
    /// Null if there are none.
    const value& headers() const noexcept { return headers_; }
    std::optional<std::uint8_t> delivery_mode() const noexcept { return delivery_mode_; }
    std::optional<std::uint8_t> priority() const noexcept { return priority_; }
    const std::string& correlation_id() const noexcept { return correlation_id_; }
    const std::string& reply_to() const noexcept { return reply_to_; }
    const std::string& expiration() const noexcept { return expiration_; }
    const std::string& message_id() const noexcept { return message_id_; }
    std::optional<ferry::timestamp> timestamp() const noexcept { return timestamp_; }
    const std::string& type() const noexcept { return type_; }
    const std::string& user_id() const noexcept { return user_id_; }
    const std::string& app_id() const noexcept { return app_id_; }

    /// The flags and values of a content header (section 4.2.6.1).
    /// \throws error(errc::bad_argument)
    void append_to(std::string& out) const;
    /// \throws protocol_error  the text is no such thing.
    static properties parse(std::string_view in);

private:
    std::string content_type_;
    std::string content_encoding_;
    value headers_;
    std::optional<std::uint8_t> delivery_mode_;
    std::optional<std::uint8_t> priority_;
    std::string correlation_id_;
    std::string reply_to_;
    std::string expiration_;
    std::string message_id_;
    std::optional<ferry::timestamp> timestamp_;
    std::string type_;
    std::string user_id_;
    std::string app_id_;
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

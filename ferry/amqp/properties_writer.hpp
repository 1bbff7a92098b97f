#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::amqp {

/// Writes the properties of a message as they are on the wire (section 4.2.6.1), for who publishes
/// thousands a second: nothing is kept in between. See channel::try_publish().
///
///     std::string text;
///     {
///         amqp::properties_writer to(text);
///         to.content_type("application/json");
///         to.begin_headers();
///         to.header("task", "shop.add");
///         to.end_headers();
///         to.delivery_mode(2);
///     }
///
/// Each property once at most, in the order in which they stand here; an empty text is not sent.
/// They are whole when the writer is gone. \throws error(errc::bad_argument)  a text has over 255
/// bytes or is no UTF-8, or a header is of no type that AMQP knows.
class properties_writer {
public:
    /// Appends to `out`, which must outlive the writer.
    explicit properties_writer(std::string& out);
    properties_writer(const properties_writer&) = delete;
    properties_writer& operator=(const properties_writer&) = delete;
    ~properties_writer();

    void content_type(std::string_view text) { short_text(15, text); }
    void content_encoding(std::string_view text) { short_text(14, text); }

    /// All headers at once, an object; nothing if it is null.
    void headers(const value& table);
    /// \name Headers one by one; their names are UTF-8, and differ
    /// @{
    void begin_headers();
    void header(std::string_view name, std::string_view text);
    void header(std::string_view name, const char* text) { header(name, std::string_view{text}); }
    void header(std::string_view name, const value& v);
    void end_headers();
    /// @}

    void delivery_mode(std::uint8_t mode) { octet(12, mode); }
    void priority(std::uint8_t p) { octet(11, p); }
    void correlation_id(std::string_view text) { short_text(10, text); }
    void reply_to(std::string_view text) { short_text(9, text); }
    void expiration(std::string_view text) { short_text(8, text); }
    void message_id(std::string_view text) { short_text(7, text); }
    void timestamp(std::uint64_t seconds);
    void type(std::string_view text) { short_text(5, text); }
    void user_id(std::string_view text) { short_text(4, text); }
    void app_id(std::string_view text) { short_text(3, text); }

private:
    void short_text(unsigned bit, std::string_view text);
    void octet(unsigned bit, std::uint8_t v);
    void set(unsigned bit) noexcept { flags_ |= 1U << bit; }

    std::string& out_;
    std::size_t at_;
    std::size_t table_ = 0;  ///< where the headers began
    unsigned flags_ = 0;
};

}  // namespace ferry::amqp

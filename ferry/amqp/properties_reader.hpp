#pragma once

#include "ferry/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ferry::amqp {

/// Reads the members of a table one after another as they are on the wire (section 4.2.5.5), and
/// makes nothing of those that nobody asks for.
///
///     for (amqp::header_reader h(properties.headers()); h.next();) {
///         if (h.name() == "task") run(h.text());
///     }
///
/// Views into what it reads. The members come as they stand there; of those with the same name the
/// first counts. \throws protocol_error  it ends too early, or holds what AMQP does not have.
class header_reader {
public:
    /// \param members  of a table, without its length.
    explicit header_reader(std::string_view members) noexcept : rest_{members} {}

    /// Goes to the next one, at first to the first. \return false: there is none.
    bool next();

    std::string_view name() const noexcept { return name_; }
    bool is_null() const noexcept { return type_ == 'V'; }
    bool is_text() const noexcept { return type_ == 'S'; }
    /// Of a text.
    std::string_view text() const noexcept { return text_; }
    /// None if it is none; it may have any size that AMQP has.
    std::optional<std::int64_t> integer() const;
    bool is_true() const noexcept { return type_ == 't' && text_.front() != '\0'; }
    /// Of an array: whether it holds so many nulls and nothing else.
    bool holds_nulls(std::size_t count) const noexcept;
    /// Whatever it is. \throws also limit_error  it is nested too deep.
    value get() const;

private:
    std::string_view rest_;
    std::string_view name_;
    char type_ = 'V';
    std::string_view field_;  ///< its type and what follows
    std::string_view text_;   ///< what follows, without its length
};

/// Reads the properties of a message as they are on the wire (section 4.2.6.1), for who takes
/// thousands a second: nothing is copied. What properties_writer writes; see
/// message::properties_text(). What is not there is empty.
class properties_reader {
public:
    /// \param text  must outlive what is read. \throws protocol_error  it is no such thing.
    explicit properties_reader(std::string_view text);

    std::string_view content_type() const noexcept { return content_type_; }
    std::string_view content_encoding() const noexcept { return content_encoding_; }
    bool has_headers() const noexcept { return has_headers_; }
    /// For a header_reader.
    std::string_view headers() const noexcept { return headers_; }
    /// All of them, an object. \throws protocol_error, limit_error
    value all_headers() const;
    std::optional<std::uint8_t> delivery_mode() const noexcept { return delivery_mode_; }
    std::optional<std::uint8_t> priority() const noexcept { return priority_; }
    std::string_view correlation_id() const noexcept { return correlation_id_; }
    std::string_view reply_to() const noexcept { return reply_to_; }
    std::string_view expiration() const noexcept { return expiration_; }
    std::string_view message_id() const noexcept { return message_id_; }
    /// Seconds since 1970.
    std::optional<std::uint64_t> timestamp() const noexcept { return timestamp_; }
    std::string_view type() const noexcept { return type_; }
    std::string_view user_id() const noexcept { return user_id_; }
    std::string_view app_id() const noexcept { return app_id_; }

private:
    std::string_view content_type_;
    std::string_view content_encoding_;
    std::string_view table_;  ///< the headers with their length
    std::string_view headers_;
    bool has_headers_ = false;
    std::optional<std::uint8_t> delivery_mode_;
    std::optional<std::uint8_t> priority_;
    std::string_view correlation_id_;
    std::string_view reply_to_;
    std::string_view expiration_;
    std::string_view message_id_;
    std::optional<std::uint64_t> timestamp_;
    std::string_view type_;
    std::string_view user_id_;
    std::string_view app_id_;
};

}  // namespace ferry::amqp

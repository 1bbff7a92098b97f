#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace ferry {

/// What a caller can do about a failure. Every error code, ferry's own and the system's, maps onto
/// one of these, so that retry logic needs one comparison: `if (e.code() ==
/// condition::disconnected)`.
enum class condition {
    disconnected = 1,  ///< the peer cannot be reached or went away: reconnect, then try again
    timed_out,         ///< the time allowed ran out: try again later
    overloaded,        ///< a limit of the peer's or one's own was reached: slow down
    bad_input,         ///< the bytes or arguments are not what they claim to be: never retry
    denied,            ///< not allowed: credentials, permissions or a policy stand in the way
    not_found,         ///< the thing asked for does not exist
    unsupported,       ///< valid, but not offered here
};

std::error_condition make_error_condition(condition c) noexcept;

/// The exact failures of the module core and of everything that has no finer code of its own.
enum class errc {
    truncated = 1,   ///< the input ends too early
    malformed,       ///< the input breaks its format's rules
    limit_exceeded,  ///< a named limit was reached
    not_found,       ///< no such key, index, element or name
    wrong_type,      ///< a value has another type than the one asked for
    out_of_range,    ///< a number or time does not fit its target
    unsupported,     ///< valid, but not offered
    timed_out,       ///< an operation did not end in the time given
    disconnected,    ///< the connection is closed, or was never made
    denied,          ///< refused by a policy
    invalid_state,   ///< the call does not fit what happened before it
    would_deadlock,  ///< waiting here could never end
    tls,             ///< a TLS handshake or a certificate check failed
    unresolved,      ///< a host name has no address
    protocol,        ///< the peer broke the rules of the protocol, or refused
    crypto,          ///< a signature, a MAC or a key is wrong
};
std::error_code make_error_code(errc e) noexcept;

/// A place in a text or in a sequence of bytes.
struct text_position {
    std::size_t offset = 0;  ///< bytes from the start, 0-based
    std::size_t line = 1;    ///< 1-based; 0 in bytes that have no lines
    std::size_t column = 1;  ///< code points from the line's start, 1-based
};

/// Base of every error that ferry throws. Copies share the message and never throw.
class error : public std::exception {
public:
    error(std::error_code code, std::string message);

    const std::error_code& code() const noexcept { return code_; }

    /// One line that reads outside-in, what was being done first, the cause last:
    /// `GET http://a.local/x: connect 127.0.0.1:443: connection refused`.
    const char* what() const noexcept override { return message_->c_str(); }

    /// Puts what was being done, and to what, in front of the message.
    void add_context(std::string_view doing);

    /// Puts the place in the input behind the message: `... got string (7:12)`.
    void add_position(const text_position& where);

private:
    std::error_code code_;
    std::shared_ptr<const std::string> message_;
};

/// A system call failed: `open data.db: No such file or directory`.
/// \param number  the value of `errno`.
error system_failure(int number, std::string_view doing);

/// The peer cannot be reached, or went away.
class connection_error : public error {
public:
    connection_error(std::error_code code, std::string message, std::string endpoint = {});

    /// The peer as text, `127.0.0.1:443` or a socket's path; empty if it is not known.
    const std::string& endpoint() const noexcept { return endpoint_; }

private:
    std::string endpoint_;
};

/// A host name has no address.
class resolve_error : public connection_error {
public:
    using connection_error::connection_error;
};

/// A TLS handshake or certificate check failed; `what()` names the reason.
class tls_error : public connection_error {
public:
    /// \param verify_result  OpenSSL's X509_V_ERR number, 0 if the certificate was not the cause.
    /// \param peer_subject   the peer certificate's subject, empty without one.
    tls_error(std::string message, std::string endpoint = {}, long verify_result = 0,
              std::string peer_subject = {});

    long verify_result() const noexcept { return verify_result_; }
    const std::string& peer_subject() const noexcept { return peer_subject_; }

private:
    long verify_result_;
    std::string peer_subject_;
};

/// An operation did not end in the time given.
class timeout_error : public error {
public:
    /// \param awaited  what was waited for: `connect 127.0.0.1:80`.
    timeout_error(std::string_view awaited, std::chrono::milliseconds limit);

    std::chrono::milliseconds limit() const noexcept { return limit_; }

private:
    std::chrono::milliseconds limit_;
};

/// Finds line and column of a byte offset. Cost: linear in `offset`.
text_position position_of(std::string_view text, std::size_t offset) noexcept;

/// The input is not what it claims to be.
class parse_error : public error {
public:
    /// The message gets the position appended: `expected ',' (line 3 column 7)`, or `(byte 17)`.
    parse_error(std::error_code code, std::string_view message, text_position where,
                std::string excerpt = {});

    const text_position& where() const noexcept { return where_; }

    /// The line of input around the place, shortened; empty for binary formats.
    const std::string& excerpt() const noexcept { return excerpt_; }

private:
    text_position where_;
    std::string excerpt_;
};

/// The peer refused, or broke the rules of the protocol.
class protocol_error : public error {
public:
    using error::error;
};

/// A key, an index or an element does not exist.
class lookup_error : public error {
public:
    explicit lookup_error(std::string path);

    /// Where, such as `$.items[3].price`.
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// A value has another type than the one asked for.
class type_error : public error {
public:
    type_error(std::string path, std::string wanted, std::string found);

    const std::string& path() const noexcept { return path_; }
    const std::string& wanted() const noexcept { return wanted_; }
    const std::string& found() const noexcept { return found_; }

private:
    std::string path_;
    std::string wanted_;
    std::string found_;
};

/// A number or a time does not fit the type asked for.
class range_error : public error {
public:
    /// `$.age: 300 does not fit uint8`.
    range_error(std::string path, std::string_view number, std::string_view type);

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// A signature, MAC or key is wrong. Never says more than that.
class crypto_error : public error {
public:
    explicit crypto_error(std::string message);
};

/// A named limit was reached.
class limit_error : public error {
public:
    /// \param name  the limit's name, such as `max_body_bytes`.
    limit_error(std::string name, std::uint64_t value);

    const std::string& name() const noexcept { return name_; }
    std::uint64_t value() const noexcept { return value_; }

private:
    std::string name_;
    std::uint64_t value_;
};

/// Something that unwinds a waiting program without being an error: `catch (const std::exception&)`
/// lets it pass, as Python's `except Exception` lets CancelledError pass.
class interrupt {
public:
    interrupt() = default;
    interrupt(const interrupt&) = default;
    interrupt& operator=(const interrupt&) = default;
    virtual ~interrupt() = default;
    virtual const char* what() const noexcept = 0;
};

/// The operation was cancelled. As asyncio.CancelledError.
class cancelled : public interrupt {
public:
    const char* what() const noexcept override { return "cancelled"; }
};

/// The text of any exception, for a log line or an error of one's own: `what()` for errors and
/// interrupts, "unknown exception" otherwise.
std::string describe(const std::exception_ptr& failure);

/// A type that can be handed to an awaitable inside a co_await expression on every supported
/// compiler: g++ 12 destroys aggregate temporaries twice there.
template <class T>
concept awaitable_argument = !std::is_aggregate_v<T> || std::is_trivially_destructible_v<T>;

}  // namespace ferry

template <>
struct std::is_error_condition_enum<ferry::condition> : std::true_type {};
template <>
struct std::is_error_code_enum<ferry::errc> : std::true_type {};

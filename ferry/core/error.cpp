#include "ferry/core/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace ferry {
namespace {

condition of_errc(errc e) noexcept
{
    switch (e) {
        case errc::truncated:
        case errc::malformed:
        case errc::wrong_type:
        case errc::out_of_range:
        case errc::invalid_state:
        case errc::would_deadlock:
        case errc::protocol: return condition::bad_input;
        case errc::limit_exceeded: return condition::overloaded;
        case errc::not_found: return condition::not_found;
        case errc::unsupported: return condition::unsupported;
        case errc::timed_out: return condition::timed_out;
        case errc::disconnected:
        case errc::unresolved: return condition::disconnected;
        case errc::denied:
        case errc::tls:
        case errc::crypto: return condition::denied;
    }
    return condition::bad_input;
}

bool errno_means(int number, condition c) noexcept
{
    switch (c) {
        case condition::disconnected:
            return number == ECONNREFUSED || number == ECONNRESET || number == ECONNABORTED ||
                   number == EPIPE || number == ENOTCONN || number == EHOSTUNREACH ||
                   number == ENETUNREACH || number == ENETDOWN;
        case condition::timed_out: return number == ETIMEDOUT;
        case condition::overloaded:
            return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOSPC ||
                   number == EAGAIN || number == EBUSY || number == EDQUOT;
        case condition::bad_input:
            return number == EINVAL || number == EILSEQ || number == ENAMETOOLONG;
        case condition::denied: return number == EACCES || number == EPERM || number == EROFS;
        case condition::not_found: return number == ENOENT || number == ENOTDIR;
        case condition::unsupported:
            return number == ENOTSUP || number == EAFNOSUPPORT || number == ENOSYS;
    }
    return false;
}

class condition_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "ferry.condition"; }
    std::string message(int c) const override
    {
        switch (condition{c}) {
            case condition::disconnected: return "disconnected";
            case condition::timed_out: return "timed out";
            case condition::overloaded: return "overloaded";
            case condition::bad_input: return "bad input";
            case condition::denied: return "denied";
            case condition::not_found: return "not found";
            case condition::unsupported: return "unsupported";
        }
        return "unknown condition";
    }
    bool equivalent(const std::error_code& code, int c) const noexcept override
    {
        const std::error_category& of = code.category();
        // Asio's codes come from a system category of Boost's own, converted by name.
        if (of == std::system_category() || of == std::generic_category() ||
            std::strcmp(of.name(), "system") == 0) {
            return errno_means(code.value(), condition{c});
        }
        return code.default_error_condition() == std::error_condition{c, *this};
    }
};

class core_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "ferry"; }
    std::string message(int e) const override
    {
        switch (errc{e}) {
            case errc::truncated: return "truncated";
            case errc::malformed: return "malformed";
            case errc::limit_exceeded: return "limit exceeded";
            case errc::not_found: return "not found";
            case errc::wrong_type: return "wrong type";
            case errc::out_of_range: return "out of range";
            case errc::unsupported: return "unsupported";
            case errc::timed_out: return "timed out";
            case errc::disconnected: return "disconnected";
            case errc::denied: return "denied";
            case errc::invalid_state: return "invalid state";
            case errc::would_deadlock: return "would deadlock";
            case errc::tls: return "TLS failure";
            case errc::unresolved: return "host not found";
            case errc::protocol: return "protocol error";
            case errc::crypto: return "cryptographic check failed";
        }
        return "unknown error";
    }
    std::error_condition default_error_condition(int e) const noexcept override
    {
        return make_error_condition(of_errc(errc{e}));
    }
};

std::string timeout_text(std::string_view awaited, std::chrono::milliseconds limit)
{
    std::string text{awaited};
    text += ": no answer within ";
    const auto ms = limit.count();
    text += ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
    return text;
}

std::string with_position(std::string_view message, const text_position& where)
{
    if (where.line == 0)
        return std::string{message} + " (byte " + std::to_string(where.offset) + ")";
    return std::string{message} + " (line " + std::to_string(where.line) + " column " +
           std::to_string(where.column) + ")";
}

}  // namespace

std::error_condition make_error_condition(condition c) noexcept
{
    static const condition_category category;
    return {static_cast<int>(c), category};
}

std::error_code make_error_code(errc e) noexcept
{
    static const core_category category;
    return {static_cast<int>(e), category};
}

error::error(std::error_code code, std::string message)
    : code_{code}, message_{std::make_shared<const std::string>(std::move(message))}
{
}

void error::add_context(std::string_view doing)
{
    message_ = std::make_shared<const std::string>(std::string{doing} + ": " + *message_);
}

error system_failure(int number, std::string_view doing)
{
    const std::error_code code{number, std::system_category()};
    return error{code, std::string{doing} + ": " + code.message()};
}

void error::add_position(const text_position& where)
{
    message_ = std::make_shared<const std::string>(*message_ + " (" + std::to_string(where.line) +
                                                   ":" + std::to_string(where.column) + ")");
}

connection_error::connection_error(std::error_code code, std::string message, std::string endpoint)
    : error{code, std::move(message)}, endpoint_{std::move(endpoint)}
{
}

tls_error::tls_error(std::string message, std::string endpoint, long verify_result,
                     std::string peer_subject)
    : connection_error{errc::tls, std::move(message), std::move(endpoint)},
      verify_result_{verify_result},
      peer_subject_{std::move(peer_subject)}
{
}

timeout_error::timeout_error(std::string_view awaited, std::chrono::milliseconds limit)
    : error{errc::timed_out, timeout_text(awaited, limit)}, limit_{limit}
{
}

text_position position_of(std::string_view text, std::size_t offset) noexcept
{
    text_position where{.offset = offset, .line = 1, .column = 1};
    for (const char c : text.substr(0, offset)) {
        if (c == '\n') {
            ++where.line;
            where.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++where.column;
        }
    }
    return where;
}

parse_error::parse_error(std::error_code code, std::string_view message, text_position where,
                         std::string excerpt)
    : error{code, with_position(message, where)}, where_{where}, excerpt_{std::move(excerpt)}
{
}

lookup_error::lookup_error(std::string path)
    : error{errc::not_found, path + ": not found"}, path_{std::move(path)}
{
}

type_error::type_error(std::string path, std::string wanted, std::string found)
    : error{errc::wrong_type, path + ": expected " + wanted + ", got " + found},
      path_{std::move(path)},
      wanted_{std::move(wanted)},
      found_{std::move(found)}
{
}

range_error::range_error(std::string path, std::string_view number, std::string_view type)
    : error{errc::out_of_range,
            path + ": " + std::string{number} + " does not fit " + std::string{type}},
      path_{std::move(path)}
{
}

crypto_error::crypto_error(std::string message) : error{errc::crypto, std::move(message)} {}

limit_error::limit_error(std::string name, std::uint64_t value)
    : error{errc::limit_exceeded, "limit " + name + " = " + std::to_string(value) + " exceeded"},
      name_{std::move(name)},
      value_{value}
{
}

std::string describe(const std::exception_ptr& failure)
{
    try {
        if (failure) std::rethrow_exception(failure);
        return "no failure";
    } catch (const std::exception& e) {
        return e.what();
    } catch (const interrupt& i) {
        return i.what();
    } catch (...) {
        return "unknown exception";
    }
}

}  // namespace ferry

#include "ferry/http/error.hpp"

#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ferry::http {
namespace {

class http_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "http"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
            case errc::bad_url: return "bad URL";
            case errc::bad_header: return "bad header";
            case errc::bad_message: return "not an HTTP/1.1 message";
            case errc::closed_early: return "closed before the head";
            case errc::incomplete_body: return "incomplete body";
            case errc::undecodable_body: return "body does not match its Content-Encoding";
            case errc::too_many_redirects: return "too many redirects";
            case errc::refused_redirect: return "redirect refused";
            case errc::unrewindable_body: return "streamed body cannot be sent again";
            case errc::body_consumed: return "body was read before";
            case errc::insecure_credentials: return "bearer token over plain http";
            case errc::peer_speaks_tls: return "peer speaks TLS";
            case errc::peer_speaks_something: return "peer does not speak HTTP";
            case errc::wrong_checksum: return "wrong checksum";
            case errc::private_address: return "address is not public";
            case errc::circuit_open: return "host failed too often";
            case errc::token_refused: return "no access token";
            case errc::bad_challenge: return "challenge cannot be answered";
        }
        return "unknown error";
    }

    std::error_condition default_error_condition(int value) const noexcept override
    {
        switch (static_cast<errc>(value)) {
            case errc::closed_early:
            case errc::incomplete_body: return condition::disconnected;
            case errc::circuit_open: return condition::overloaded;
            case errc::private_address:
            case errc::token_refused:
            case errc::refused_redirect:
            case errc::insecure_credentials: return condition::denied;
            case errc::bad_challenge:
            case errc::unrewindable_body:
            case errc::body_consumed:
            case errc::peer_speaks_tls:
            case errc::peer_speaks_something: return condition::unsupported;
            default: return condition::bad_input;
        }
    }
};

class http_status_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "http.status"; }

    std::string message(int value) const override
    {
        const std::string_view reason = reason_of(value);
        return reason.empty() ? fmt::format("{}", value) : fmt::format("{} {}", value, reason);
    }

    std::error_condition default_error_condition(int value) const noexcept override
    {
        switch (value) {
            case 401:
            case 403:
            case 407:
            case 451: return condition::denied;
            case 404:
            case 410: return condition::not_found;
            case 408:
            case 504: return condition::timed_out;
            case 405:
            case 406:
            case 415:
            case 501:
            case 505: return condition::unsupported;
            case 429: return condition::overloaded;
            default: return value >= 500 ? condition::overloaded : condition::bad_input;
        }
    }
};

std::string body_message(std::uint64_t received, std::int64_t expected, std::string_view cause)
{
    std::string text =
        expected < 0 ? fmt::format("incomplete body: {} bytes, then ", received)
                     : fmt::format("incomplete body: {} of {} bytes, then ", received, expected);
    text += cause.empty() ? "the connection closed" : cause;
    return text;
}

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    static const http_category category;
    return {static_cast<int>(e), category};
}

std::string_view name(phase p) noexcept
{
    constexpr std::array<std::string_view, phase_count> names = {
        "prepare", "pool", "connect", "tls", "send", "head", "body"};
    return names[static_cast<std::size_t>(p)];
}

const failure_details* details_of(const std::exception& e) noexcept
{
    return dynamic_cast<const failure_details*>(&e);
}

const std::error_category& status_category() noexcept
{
    static const http_status_category category;
    return category;
}

incomplete_body::incomplete_body(std::uint64_t received, std::int64_t expected,
                                 std::string endpoint, std::string_view cause)
    : connection_error(errc::incomplete_body, body_message(received, expected, cause),
                       std::move(endpoint)),
      received_(received),
      expected_(expected)
{
}

status_error::status_error(int status, std::string_view reason, std::string url,
                           std::string excerpt)
    : protocol_error(std::error_code(status, status_category()),
                     fmt::format("{} {} Error: {} for url: {}", status,
                                 status < 500 ? "Client" : "Server", reason, url)),
      status_(status),
      url_(std::move(url)),
      excerpt_(std::move(excerpt))
{
}

problem::problem(int status, std::string detail)
    : protocol_error(std::error_code(status, status_category()), std::move(detail))
{
}

too_many_redirects::too_many_redirects(std::string_view why, std::vector<std::string> chain)
    : protocol_error(errc::too_many_redirects, std::string(why)), chain_(std::move(chain))
{
}

}  // namespace ferry::http

#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ferry::amqp {
namespace {

struct known {
    errc code;
    std::uint16_t reply;  ///< 0: none of the broker's
    condition then;
    std::string_view text;
};

constexpr auto all = std::to_array<known>({
    {errc::content_too_large, 311, condition::bad_input, "content too large"},
    {errc::no_route, 312, condition::not_found, "no queue takes the message"},
    {errc::no_consumers, 313, condition::not_found, "no consumers"},
    {errc::connection_forced, 320, condition::disconnected, "connection forced to close"},
    {errc::invalid_path, 402, condition::bad_input, "invalid path"},
    {errc::access_refused, 403, condition::denied, "access refused"},
    {errc::not_found, 404, condition::not_found, "not found"},
    {errc::resource_locked, 405, condition::denied, "resource locked"},
    {errc::precondition_failed, 406, condition::bad_input, "precondition failed"},
    {errc::frame_error, 501, condition::bad_input, "frame error"},
    {errc::syntax_error, 502, condition::bad_input, "syntax error"},
    {errc::command_invalid, 503, condition::bad_input, "command invalid"},
    {errc::channel_error, 504, condition::bad_input, "channel error"},
    {errc::unexpected_frame, 505, condition::bad_input, "unexpected frame"},
    {errc::resource_error, 506, condition::overloaded, "resource error"},
    {errc::not_allowed, 530, condition::denied, "not allowed"},
    {errc::not_implemented, 540, condition::unsupported, "not implemented"},
    {errc::internal_error, 541, condition::disconnected, "internal error of the broker"},
    {errc::authentication_failed, 0, condition::denied, "authentication failed"},
    {errc::protocol_mismatch, 0, condition::unsupported, "the peer speaks another protocol"},
    {errc::no_free_channels, 0, condition::overloaded, "no free channel"},
    {errc::closed, 0, condition::disconnected, "closed"},
    {errc::heartbeat_timeout, 0, condition::timed_out, "no heartbeat"},
    {errc::publish_nacked, 0, condition::overloaded, "the broker did not take the message"},
    {errc::consumer_cancelled, 0, condition::not_found, "the consumer was cancelled"},
    {errc::already_settled, 0, condition::bad_input, "settled before"},
    {errc::stale_delivery, 0, condition::disconnected, "of a connection that is gone"},
    {errc::bad_argument, 0, condition::bad_input, "cannot be sent"},
    {errc::blocked, 0, condition::overloaded, "blocked by the broker"},
    {errc::confirm_timeout, 0, condition::timed_out, "no confirm"},
});

class amqp_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "amqp"; }

    std::string message(int value) const override
    {
        const auto* k = std::ranges::find(all, static_cast<errc>(value), &known::code);
        return k == all.end() ? "unknown error" : std::string(k->text);
    }

    std::error_condition default_error_condition(int value) const noexcept override
    {
        const auto* k = std::ranges::find(all, static_cast<errc>(value), &known::code);
        return k == all.end() ? condition::bad_input : k->then;
    }
};

errc code_of(std::uint16_t reply)
{
    const auto* k = std::ranges::find(all, reply, &known::reply);
    return k == all.end() ? errc::internal_error : k->code;
}

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    static const amqp_category category;
    return {static_cast<int>(e), category};
}

channel_closed::channel_closed(std::uint16_t reply_code, std::string text, std::uint16_t class_id,
                               std::uint16_t method_id)
    : protocol_error{code_of(reply_code), fmt::format("amqp: {} {}", reply_code, text)},
      reply_code_{reply_code},
      text_{std::move(text)},
      class_id_{class_id},
      method_id_{method_id}
{
}

connection_closed::connection_closed(std::uint16_t reply_code, std::string text,
                                     std::string endpoint)
    : connection_error{code_of(reply_code),
                       fmt::format("amqp {}: {} {}", endpoint, reply_code, text), endpoint},
      reply_code_{reply_code},
      text_{std::move(text)}
{
}

authentication_error::authentication_error(std::string text, std::string endpoint)
    : connection_error{errc::authentication_failed, fmt::format("amqp {}: {}", endpoint, text),
                       endpoint}
{
}

}  // namespace ferry::amqp

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/message_deflate.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

namespace ferry::http::detail {
namespace {

constexpr std::string_view extension = "permessage-deflate";

// The parameters of one offer or answer, read. Nothing if one is unknown, comes twice or has a
// value it must not have.
struct parameters {
    bool server_no_takeover = false;
    bool client_no_takeover = false;
    std::optional<int> server_bits;
    std::optional<int> client_bits;  ///< 0: offered without a value
};

std::optional<int> read_bits(std::string_view value)
{
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
        value = value.substr(1, value.size() - 2);
    }
    const auto number = parse_decimal(value);
    if (!number || *number < 8 || *number > 15 || value.starts_with('0')) return std::nullopt;
    return static_cast<int>(*number);
}

std::optional<parameters> read_parameters(std::string_view rest)
{
    parameters read;
    while (!rest.empty()) {
        const std::string_view one = take_element(rest, ';');
        const std::size_t equals = one.find('=');
        const std::string_view name = trim(one.substr(0, equals));
        const bool has_value = equals != std::string_view::npos;
        const std::string_view value = has_value ? trim(one.substr(equals + 1)) : "";
        if (same(name, "server_no_context_takeover") && !has_value && !read.server_no_takeover) {
            read.server_no_takeover = true;
        } else if (same(name, "client_no_context_takeover") && !has_value &&
                   !read.client_no_takeover) {
            read.client_no_takeover = true;
        } else if (same(name, "server_max_window_bits") && !read.server_bits) {
            read.server_bits = read_bits(value);
            if (!read.server_bits) return std::nullopt;
        } else if (same(name, "client_max_window_bits") && !read.client_bits) {
            read.client_bits = has_value ? read_bits(value) : 0;
            if (!read.client_bits) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return read;
}

// Calls f(parameters) for each well-formed offer of this extension until it returns true.
template <class F>
void each_offer(std::string_view offers, F f)
{
    while (!offers.empty()) {
        std::string_view offer = take_element(offers);
        if (!same(take_element(offer, ';'), extension)) continue;
        const auto read = read_parameters(offer);
        if (read && f(*read)) return;
    }
}

// zlib cannot write with a window of 256 bytes.
constexpr int least_bits = 9;

}  // namespace

std::optional<deflate_agreement> choose_deflate(std::string_view offers, bool takeover)
{
    std::optional<deflate_agreement> chosen;
    each_offer(offers, [&](const parameters& offer) {
        if (offer.server_bits.value_or(15) < least_bits) return false;
        chosen.emplace();
        chosen->server_takeover = takeover && !offer.server_no_takeover;
        chosen->client_takeover = takeover && !offer.client_no_takeover;
        chosen->server_bits = offer.server_bits.value_or(15);
        return true;
    });
    return chosen;
}

std::string answer_deflate(const deflate_agreement& agreed)
{
    std::string answer(extension);
    if (!agreed.server_takeover) answer += "; server_no_context_takeover";
    if (!agreed.client_takeover) answer += "; client_no_context_takeover";
    if (agreed.server_bits != 15) {
        answer += fmt::format("; server_max_window_bits={}", agreed.server_bits);
    }
    return answer;
}

std::string offer_deflate(bool takeover)
{
    std::string offer(extension);
    if (!takeover) offer += "; server_no_context_takeover; client_no_context_takeover";
    offer += "; client_max_window_bits";
    return offer;
}

std::optional<deflate_agreement> read_deflate_answer(std::string_view answer)
{
    if (trim(answer).empty()) return std::nullopt;
    const std::string shown = quoted(answer);
    std::string_view first = take_element(answer);
    const bool is_ours = same(take_element(first, ';'), extension) && answer.empty();
    const auto read = is_ours ? read_parameters(first) : std::nullopt;
    if (!read || (read->client_bits && *read->client_bits < least_bits)) {
        throw protocol_error(errc::bad_message, "the server agrees to another extension: " + shown);
    }
    deflate_agreement agreed;
    agreed.server_takeover = !read->server_no_takeover;
    agreed.client_takeover = !read->client_no_takeover;
    agreed.server_bits = read->server_bits.value_or(15);
    agreed.client_bits = read->client_bits.value_or(15);
    return agreed;
}

}  // namespace ferry::http::detail

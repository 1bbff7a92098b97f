#include "ferry/amqp/detail/returns.hpp"

#include "ferry/amqp/detail/message_access.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ferry::amqp::detail {
namespace {

/// No good hash, but a quick one: each message is hashed, and hardly one ever comes back.
std::size_t mixed(std::size_t seed, std::string_view text) noexcept
{
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
    std::uint64_t all = seed ^ text.size();
    std::uint64_t part = 0;
    const auto mix = [&] { all = (std::rotl(all, 23) ^ part) * odd; };
    for (; text.size() >= sizeof part; text.remove_prefix(sizeof part)) {
        std::memcpy(&part, text.data(), sizeof part);
        mix();
    }
    if (text.empty()) return all;
    part = 0;
    std::memcpy(&part, text.data(), text.size());
    mix();
    return all;
}

}  // namespace

return_matcher::look::look(std::string_view exchange, std::string_view routing_key,
                           std::string_view properties, std::string_view body) noexcept
    : route{mixed(mixed(0, exchange), routing_key)}, whole{mixed(mixed(route, properties), body)}
{
}

void return_matcher::put(returned_message m)
{
    const look is(m.exchange(), m.routing_key(), message_access::properties(m), m.text());
    auto at = std::ranges::find(expected_, is.whole, [](const candidate& c) { return c.is.whole; });
    if (at == expected_.end()) {
        // The broker takes the header BCC away.
        at = std::ranges::find(expected_, is.route, [](const candidate& c) { return c.is.route; });
    }
    if (at == expected_.end()) return;
    came_.insert_or_assign(at->tag, std::move(m));
    expected_.erase(expected_.begin(), std::next(at));
}

void return_matcher::confirmed(std::uint64_t tag, bool multiple) noexcept
{
    while (!expected_.empty() && expected_.front().tag <= tag) expected_.pop_front();
    if (came_.empty()) return;
    if (multiple) {
        came_.erase(came_.begin(), came_.upper_bound(tag));
    } else {
        came_.erase(tag);
    }
}

std::optional<returned_message> return_matcher::take(std::uint64_t tag) noexcept
{
    if (came_.empty()) return std::nullopt;
    const auto at = came_.find(tag);
    if (at == came_.end()) return std::nullopt;
    std::optional<returned_message> found(std::move(at->second));
    came_.erase(at);
    return found;
}

void return_matcher::clear() noexcept
{
    expected_.clear();
    came_.clear();
}

}  // namespace ferry::amqp::detail

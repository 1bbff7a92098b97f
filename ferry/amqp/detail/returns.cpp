#include "ferry/amqp/detail/returns.hpp"

#include "ferry/amqp/detail/message_access.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace ferry::amqp::detail {
namespace {

/// No good hash, but a quick one: each message is hashed, and hardly one ever comes back. Long
/// texts go through it in four lanes, as a processor multiplies several numbers at once.
class quick_hash {
public:
    explicit quick_hash(std::uint64_t seed) noexcept : lanes_{seed, seed + 1, seed + 2, seed + 3} {}

    void add(std::string_view text) noexcept
    {
        mix(0, text.size());
        std::array<std::uint64_t, lane_count> parts;
        for (; text.size() >= sizeof parts; text.remove_prefix(sizeof parts)) {
            std::memcpy(parts.data(), text.data(), sizeof parts);
            for (std::size_t i = 0; i < lane_count; ++i) mix(i, parts[i]);
        }
        if (text.empty()) return;
        parts.fill(0);
        std::memcpy(parts.data(), text.data(), text.size());
        for (std::size_t i = 0; i < lane_count; ++i) mix(i, parts[i]);
    }

    std::uint64_t result() const noexcept
    {
        quick_hash all(*this);
        for (std::size_t i = 1; i < lane_count; ++i) all.mix(0, lanes_[i]);
        return all.lanes_[0];
    }

private:
    static constexpr std::size_t lane_count = 4;

    void mix(std::size_t lane, std::uint64_t part) noexcept
    {
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
        lanes_[lane] = (std::rotl(lanes_[lane], 23) ^ part) * odd;
    }

    std::array<std::uint64_t, lane_count> lanes_;
};

std::uint64_t hash_of(std::uint64_t seed, std::string_view a, std::string_view b) noexcept
{
    quick_hash h(seed);
    h.add(a);
    h.add(b);
    return h.result();
}

}  // namespace

return_matcher::look::look(std::string_view exchange, std::string_view routing_key,
                           std::string_view properties, std::string_view body) noexcept
    : route{hash_of(0, exchange, routing_key)}, whole{hash_of(route, properties, body)}
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

#include "ferry/redis/stream_types.hpp"

#include "ferry/redis/commands.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace ferry::redis {

pending_summary pending_summary::from_reply(reply r)
{
    using consumers = std::vector<std::pair<std::string, std::int64_t>>;
    using optional_text = std::optional<std::string>;
    auto [count, first, last, who] =
        std::move(r)
            .as<std::tuple<std::int64_t, optional_text, optional_text, std::optional<consumers>>>();
    pending_summary made;
    made.count_ = count;
    made.first_ = std::move(first).value_or("");
    made.last_ = std::move(last).value_or("");
    made.consumers_ = std::move(who).value_or(consumers());
    return made;
}

pending_entry pending_entry::from_reply(reply r)
{
    auto [id, consumer, idle, deliveries] =
        std::move(r).as<std::tuple<std::string, std::string, std::int64_t, std::int64_t>>();
    pending_entry made;
    made.id_ = std::move(id);
    made.consumer_ = std::move(consumer);
    made.idle_ = std::chrono::milliseconds(idle);
    made.deliveries_ = deliveries;
    return made;
}

// Redis 6 gives null for entries that were deleted; 7 has a list of those in the third place.
claimed_entries claimed_entries::from_reply(reply r)
{
    claimed_entries made;
    made.next_ = r[0].as<std::string>();
    for (const reply& entry : r[1].items()) {
        if (!entry.is_null()) made.entries_.push_back(entry.as<stream_entry>());
    }
    return made;
}

server_info server_info::from_reply(reply r)
{
    server_info made;
    const std::string text = std::move(r).as<std::string>();
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto colon = line.find(':');
        if (line.starts_with('#') || colon == line.npos) continue;
        made.emplace(line.substr(0, colon), line.substr(colon + 1));
    }
    return made;
}

}  // namespace ferry::redis

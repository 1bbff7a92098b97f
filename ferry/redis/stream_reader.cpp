#include "ferry/redis/stream_reader.hpp"

#include <algorithm>
#include <utility>

namespace ferry::redis {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

awaitable<bool> acknowledge(client over, std::string stream, std::string group, std::string id)
{
    auto acknowledging = over.xack(stream, group, id);
    const std::int64_t count = co_await std::move(acknowledging);
    co_return count == 1;
}

}  // namespace

stream_reader::stream_reader(client over, std::string stream, std::string after)
    : client_{std::move(over)}, stream_{std::move(stream)}, last_{std::move(after)}
{
}

stream_reader::stream_reader(client over, std::string stream, std::string group, std::string member,
                             milliseconds abandoned)
    : client_{std::move(over)},
      stream_{std::move(stream)},
      group_{std::move(group)},
      member_{std::move(member)},
      abandoned_{abandoned},
      last_{"0"}
{
}

awaitable<std::optional<stream_entry>> stream_reader::next(milliseconds wait)
{
    const bool for_ever = wait == milliseconds::zero();
    const auto end = clock::now() + wait;
    while (at_ == portion_.size()) {
        if (last_ == "$") {
            auto finding = find_the_end();
            co_await std::move(finding);
        }
        if (last_ == ">" && abandoned_ > milliseconds::zero()) {
            auto taking = take_over();
            const bool found = co_await std::move(taking);
            if (found) break;
        }
        auto left = std::chrono::ceil<milliseconds>(end - clock::now());
        if (!for_ever && left <= milliseconds::zero()) co_return std::nullopt;
        if (for_ever) left = milliseconds::zero();
        if (abandoned_ > milliseconds::zero() && (for_ever || abandoned_ < left)) left = abandoned_;
        auto reading = read(left);
        co_await std::move(reading);
    }
    co_return std::move(portion_[at_++]);
}

// Where `$` is now; asked for again and again, what comes in between would be lost.
awaitable<void> stream_reader::find_the_end()
{
    auto asking = client_.xrevrange(stream_, "+", "-", 1);
    const auto newest = co_await std::move(asking);
    last_ = newest.empty() ? "0-0" : newest.front().id();
}

awaitable<bool> stream_reader::take_over()
{
    auto claiming = client_.xautoclaim(stream_, group_, member_, abandoned_);
    claimed_entries claimed = co_await std::move(claiming);
    portion_ = std::move(claimed).entries();
    at_ = 0;
    co_return !portion_.empty();
}

awaitable<void> stream_reader::read(milliseconds wait)
{
    const std::vector<std::pair<std::string, std::string>> from{{stream_, last_}};
    auto reading = group_.empty() ? client_.xread(from, wait)
                                  : client_.xreadgroup(group_, member_, from, wait);
    std::vector<stream_batch> batches;
    try {
        batches = co_await std::move(reading);
    } catch (...) {
        // What the server may have given this member behind the newest is asked for again.
        if (last_ == ">") last_ = newest_;
        throw;
    }
    portion_ = batches.empty() ? std::vector<stream_entry>() : std::move(batches.front().second);
    at_ = 0;
    if (!portion_.empty()) {
        newest_ = portion_.back().id();
        if (last_ != ">") last_ = newest_;
    } else if (!group_.empty()) {
        last_ = ">";
    }
    // What was deleted meanwhile has no fields.
    std::erase_if(portion_, [](const stream_entry& e) { return e.fields().empty(); });
}

awaitable<bool> stream_reader::ack(const stream_entry& done)
{
    return acknowledge(client_, stream_, group_, done.id());
}

}  // namespace ferry::redis

// A lease in Redis: a key that its holder renews, and a second one with the note.
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/redis/script.hpp"
#include "ferry/tasks/detail/home_lease.hpp"
#include "ferry/tasks/detail/redis_core.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

// All are called with the two keys, the holder, and the length in milliseconds.
const redis::script& claim_script()
{
    static const redis::script s{R"(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('GET', KEYS[2]) or '')"};
    return s;
}

const redis::script& keep_script()
{
    static const redis::script s{R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3])
return 1)"};
    return s;
}

const redis::script& release_script()
{
    static const redis::script s{
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"};
    return s;
}

}  // namespace

/// The part at home.
class held_key {
public:
    held_key(std::shared_ptr<redis_core> in, const std::string& name,
             std::chrono::milliseconds length)
        : core_{std::move(in)}, key_{core_->key("ferry.lease." + name)}, length_{length}
    {
    }

    static awaitable<std::string> acquire(std::shared_ptr<held_key> self)
    {
        while (true) {
            auto claiming = self->call(claim_script(), std::nullopt);
            const redis::reply note = co_await std::move(claiming);
            if (!note.is_null()) co_return note.text();
            co_await sleep(std::min<std::chrono::milliseconds>(1s, self->length_ / 4));
        }
    }

    static awaitable<bool> keep(std::shared_ptr<held_key> self, std::string note)
    {
        auto keeping = self->call(keep_script(), std::move(note));
        const redis::reply kept = co_await std::move(keeping);
        co_return kept.as<std::int64_t>() == 1;
    }

    static awaitable<void> release(std::shared_ptr<held_key> self)
    {
        auto leaving = self->call(release_script(), std::nullopt);
        co_await std::move(leaving);
    }

private:
    awaitable<redis::reply> call(const redis::script& what, std::optional<std::string> note) const
    {
        std::vector<std::string> keys;
        keys.push_back(key_);
        keys.push_back(key_ + ".note");
        std::vector<std::string> arguments;
        arguments.push_back(holder_);
        arguments.push_back(std::to_string(length_.count()));
        if (note) arguments.push_back(std::move(*note));
        return what.run(core_->client, std::move(keys), std::move(arguments));
    }

    std::shared_ptr<redis_core> core_;
    std::string key_;
    std::chrono::milliseconds length_;
    std::string holder_ = uuid4();
};

std::unique_ptr<lease> redis_core::open_lease(std::shared_ptr<home> at, std::string name,
                                              std::chrono::milliseconds length)
{
    return std::make_unique<home_lease<held_key>>(
        std::move(at), std::make_shared<held_key>(shared_from_this(), name, length));
}

}  // namespace ferry::tasks::detail

#include "ferry/redis/lock.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/redis/error.hpp"
#include "ferry/redis/script.hpp"

#include <vector>

namespace ferry::redis {
namespace {

using namespace std::chrono_literals;

constexpr auto pause = 100ms;

const script& release_script()
{
    static const script text(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
        "return redis.call('DEL', KEYS[1])");
    return text;
}

const script& extend_script()
{
    static const script text(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
        "return redis.call('PEXPIRE', KEYS[1], ARGV[2])");
    return text;
}

awaitable<bool> try_until(client over, std::string name, std::string token,
                          std::chrono::milliseconds life, std::chrono::steady_clock::time_point end)
{
    for (;;) {
        auto setting = over.set(name, token, set_options().ex(life).nx());
        const bool got = co_await std::move(setting);
        if (got || std::chrono::steady_clock::now() + pause > end) co_return got;
        auto waiting = sleep(pause);
        co_await std::move(waiting);
    }
}

awaitable<void> run_or_lose(client over, script what, std::string name,
                            std::vector<std::string> arguments)
{
    std::vector<std::string> keys;
    keys.push_back(name);
    auto running = what.run(std::move(over), std::move(keys), std::move(arguments));
    const reply r = co_await std::move(running);
    if (r.as<int>() == 0) {
        throw error(errc::lock_lost, "redis: the lock " + name + " is not held any more");
    }
}

awaitable<bool> is_owner(client over, std::string name, std::string token)
{
    auto asking = over.get(name);
    const auto holder = co_await std::move(asking);
    co_return !token.empty() && holder == token;
}

}  // namespace

named_lock::named_lock(client over, std::string name, std::chrono::milliseconds life)
    : client_{std::move(over)}, name_{std::move(name)}, life_{life}, token_{secrets::token_hex(16)}
{
}

awaitable<bool> named_lock::acquire(std::chrono::milliseconds wait)
{
    return try_until(client_, name_, token_, life_, std::chrono::steady_clock::now() + wait);
}

awaitable<void> named_lock::release()
{
    std::vector<std::string> arguments{token_};
    return run_or_lose(client_, release_script(), name_, std::move(arguments));
}

awaitable<void> named_lock::extend()
{
    std::vector<std::string> arguments{token_, std::to_string(life_.count())};
    return run_or_lose(client_, extend_script(), name_, std::move(arguments));
}

awaitable<bool> named_lock::owned() const
{
    return is_owner(client_, name_, token_);
}

}  // namespace ferry::redis

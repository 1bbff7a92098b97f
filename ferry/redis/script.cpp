#include "ferry/redis/script.hpp"

#include "ferry/crypto/hash.hpp"
#include "ferry/redis/error.hpp"

#include <utility>

namespace ferry::redis {
namespace {

command evaluation(std::string_view name, std::string_view script,
                   const std::vector<std::string>& keys, const std::vector<std::string>& arguments)
{
    return command(name, script, keys.size(), keys, arguments);
}

awaitable<reply> run_script(client over, std::string sha1, std::string text,
                            std::vector<std::string> keys, std::vector<std::string> arguments)
{
    try {
        auto running = over.execute(evaluation("EVALSHA", sha1, keys, arguments));
        co_return co_await std::move(running);
    } catch (const response_error& e) {
        if (e.code() != errc::no_script) throw;
    }
    auto running = over.execute(evaluation("EVAL", text, keys, arguments));
    co_return co_await std::move(running);
}

}  // namespace

script::script(std::string text) : text_{std::move(text)}, sha1_{hash::sha1(text_).hex()} {}

awaitable<reply> script::run(client over, std::vector<std::string> keys,
                             std::vector<std::string> arguments) const
{
    return run_script(std::move(over), sha1_, text_, std::move(keys), std::move(arguments));
}

}  // namespace ferry::redis

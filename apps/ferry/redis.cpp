#include "ferry/redis/redis.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

std::string upper(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

value to_value(const redis::reply& r)
{
    using kind = redis::reply::kind;
    switch (r.type()) {
        case kind::null: return value();
        case kind::integer: return value(r.as<std::int64_t>());
        case kind::real: return value(r.as<double>());
        case kind::boolean: return value(r.as<bool>());
        default: break;
    }
    if (!r.is_aggregate()) return value(utf8::repair(r.text()));
    const auto& items = r.items();
    if (r.type() == kind::map) {
        value object = value::object();
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            object[utf8::repair(items[i].as<std::string>())] = to_value(items[i + 1]);
        }
        return object;
    }
    value array = value::array();
    for (const redis::reply& item : items) array.push_back(to_value(item));
    return array;
}

void print(const redis::reply& r, bool as_json)
{
    if (as_json) {
        std::printf("%s\n", json::dump(to_value(r)).c_str());
    } else if (r.is_text()) {
        std::fwrite(r.text().data(), 1, r.text().size(), stdout);
        std::putchar('\n');
    } else {
        std::printf("%s\n", r.to_text().c_str());
    }
    std::fflush(stdout);
}

awaitable<int> listen(redis::client over, bool patterns, std::vector<std::string> names,
                      bool as_json)
{
    redis::subscriber news(over);
    auto subscribing = patterns ? news.psubscribe(names) : news.subscribe(names);
    co_await std::move(subscribing);
    for (;;) {
        auto next = news.next();
        const auto m = co_await std::move(next);
        if (!m) co_return 0;
        if (as_json) {
            const value line = value::object("channel", utf8::repair(m->channel()), "data",
                                             utf8::repair(m->data()));
            std::printf("%s\n", json::dump(line).c_str());
        } else {
            std::printf("%s %s\n", m->channel().c_str(), m->data().c_str());
        }
        std::fflush(stdout);
    }
}

awaitable<int> carry_out(redis::client over, redis::command c, bool as_json)
{
    // Whatever waits on the server says so itself.
    auto asking = over.execute_blocking(std::move(c), std::chrono::milliseconds::zero());
    const redis::reply answer = co_await std::move(asking);
    print(answer, as_json);
    co_return 0;
}

}  // namespace

int redis(int argc, char** argv)
{
    CLI::App options{
        "Send a command to Redis and print its answer.\n"
        "  ferry redis redis://127.0.0.1/0 SET greeting hello\n"
        "  ferry redis redis://127.0.0.1/0 --json HGETALL user:1\n"
        "  ferry redis redis://127.0.0.1/0 SUBSCRIBE weather",
        "ferry redis"};
    std::string url;
    bool as_json = false;
    options.add_option("url", url, "redis://[user:password@]host[:port][/db], rediss://, unix://")
        ->required();
    options.add_flag("--json", as_json, "print the answer as JSON");
    options.prefix_command();  // the command, whose arguments may begin with a dash
    if (const auto end = parse(options, argc, argv)) return *end;
    const std::vector<std::string> words = options.remaining();
    if (words.empty()) throw usage_error("ferry redis: a command is missing, such as PING");

    const redis::client over{redis::options::from_url(url)};
    const std::string name = upper(words.front());
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (name == "SUBSCRIBE" || name == "PSUBSCRIBE") {
        return run_until_interrupted(listen(over, name == "PSUBSCRIBE", rest, as_json));
    }
    return run_until_interrupted(carry_out(over, redis::command(name, rest), as_json));
}

}  // namespace ferry::command

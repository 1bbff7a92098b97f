#include "ferry/tasks/command.hpp"

#include "ferry/async/run.hpp"
#include "ferry/documents/json.hpp"

#include <dlfcn.h>

#include <string_view>

namespace ferry::tasks {
namespace {

awaitable<value> send_and_wait(signature<value> s, std::optional<std::chrono::milliseconds> wait)
{
    auto sent = s.delay();
    const async_result<value> result = co_await std::move(sent);
    if (!wait) co_return value(result.id());
    auto got = result.get(*wait);
    co_return co_await std::move(got);
}

awaitable<value> call_with(signature<value> s, std::optional<std::chrono::milliseconds> wait)
{
    return send_and_wait(std::move(s), wait);
}

}  // namespace

value parse_argument(std::string_view word)
{
    if (auto parsed = json::try_parse(word)) return std::move(*parsed);
    return value(word);
}

value call(const app& of, call_settings what, std::optional<std::chrono::milliseconds> wait)
{
    return ferry::run(call_with(signature<value>(of.core(), std::move(what)), wait));
}

app& load_app(const std::string& path)
{
    void* const object = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (object == nullptr) {
        const char* why = ::dlerror();
        throw error{ferry::errc::not_found,
                    "load " + path + ": " + (why != nullptr ? why : "failed")};
    }
    void* const found = ::dlsym(object, "ferry_tasks_app");
    if (found == nullptr) {
        throw error{ferry::errc::not_found, path + ": exports no app, see FERRY_TASKS_APP"};
    }
    app* const exported = reinterpret_cast<app* (*)()>(found)();
    return *exported;
}

}  // namespace ferry::tasks

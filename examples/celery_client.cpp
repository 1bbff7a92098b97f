// Calls the tasks of celery_worker on any worker that serves them, of ferry or of Python, and
// prints what they return. FERRY_BROKER, FERRY_BACKEND and FERRY_QUEUE are as in celery_worker.
// Without FERRY_BROKER it only shows what a call looks like.
#include "ferry/async/run.hpp"
#include "ferry/tasks/tasks.hpp"

#include <cstdlib>
#include <iostream>

using namespace ferry;
using namespace std::chrono_literals;

namespace {

std::string environment(const char* name, const char* otherwise = "")
{
    const char* const text = std::getenv(name);
    return text == nullptr || *text == '\0' ? otherwise : text;
}

/// One line for each call: what it returned, or how it failed.
awaitable<void> show(tasks::signature<value> call)
{
    std::string line;
    try {
        auto sent = call.delay();
        const tasks::async_result<value> result = co_await std::move(sent);
        auto waiting = result.get(60s);
        const value got = co_await std::move(waiting);
        line = tasks::saferepr(got, 200);
    } catch (const tasks::task_error& e) {
        line = e.exc_type() + ": " + e.message();
    }
    std::cout << call.task() << ' ' << line << std::endl;
}

awaitable<void> call_all(tasks::app* app)
{
    co_await show(app->signature("ferry.add", 2, 3));
    co_await show(app->signature("ferry.mul", 2, 3));
    co_await show(app->signature("ferry.xsum", std::vector<int>(3, 2)));
    co_await show(app->signature("ferry.echo", "café", nullptr, true, 0.5));
    co_await show(app->signature("ferry.fail", "boom"));
    co_await show(app->signature("ferry.add", 1));
    co_await show(app->signature("ferry.retry_n", 2));
    co_await show(app->signature("ferry.retry_n", 50));
    auto later = app->signature("ferry.add", 1, 1).set(tasks::countdown(1s));
    co_await show(later);
    auto too_late = app->signature("ferry.add", 1, 1).set(tasks::countdown(4s), tasks::expires(3s));
    co_await show(too_late);
    auto slow = app->signature("ferry.sleep", 20).set(tasks::time_limit(1s));
    co_await show(slow);
}

}  // namespace

int main()
{
    if (environment("FERRY_BROKER").empty()) {
        tasks::message m;
        m.task = "ferry.add";
        m.id = "0655d6f6-0d4b-4d6d-8d3c-4c2a1f6d4a10";
        m.args = value::array(2, 3);
        std::cout << tasks::encode(m).body << '\n';
        return 0;
    }
    tasks::app app("client", tasks::broker(environment("FERRY_BROKER")),
                   tasks::results(environment("FERRY_BACKEND")),
                   tasks::queue(environment("FERRY_QUEUE", "celery")));
    run(call_all(&app));
}

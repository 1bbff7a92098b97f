// A worker that takes its place among Celery's: Python calls its tasks, `celery inspect` and
// `celery control` reach it, Flower shows it. It is configured by its environment:
//
//     FERRY_BROKER=amqp://guest:guest@127.0.0.1// FERRY_BACKEND=redis://127.0.0.1/0 celery_worker
//
// FERRY_QUEUE (celery): consumed, and where its own calls go.  FERRY_NODE: the node's whole name.
// FERRY_CONCURRENCY (2).  FERRY_ACKS_LATE (0 or 1).  FERRY_VISIBILITY (seconds, with Redis).
// FERRY_POOL (processes or threads).  FERRY_BROADCAST: calls that every worker runs.  Without
// FERRY_BROKER it only lists its tasks.
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/command.hpp"
#include "ferry/tasks/tasks.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

using namespace ferry;
using namespace std::chrono_literals;

namespace {

std::string environment(const char* name, const char* otherwise = "")
{
    const char* const text = std::getenv(name);
    return text == nullptr || *text == '\0' ? otherwise : text;
}

std::string broker_url()
{
    std::string url = environment("FERRY_BROKER");
    const std::string visible = environment("FERRY_VISIBILITY");
    if (visible.empty() || !url.starts_with("redis")) return url;
    const char joint = url.find('?') == std::string::npos ? '?' : '&';
    return url + joint + "visibility_timeout=" + visible;
}

// Integers are exact, as in Python, as far as 64 bits go; beyond that it is an OverflowError.
value plus(const value& x, const value& y)
{
    if (x.is_string() && y.is_string()) return x.as<std::string>() + y.as<std::string>();
    if (!x.is_integer() || !y.is_integer()) return x.as<double>() + y.as<double>();
    std::int64_t sum = 0;
    if (__builtin_add_overflow(x.as<std::int64_t>(), y.as<std::int64_t>(), &sum)) {
        throw std::overflow_error("the sum needs more than 64 bits");
    }
    return sum;
}

value times(const value& x, const value& y)
{
    if (!x.is_integer() || !y.is_integer()) return x.as<double>() * y.as<double>();
    std::int64_t product = 0;
    if (__builtin_mul_overflow(x.as<std::int64_t>(), y.as<std::int64_t>(), &product)) {
        throw std::overflow_error("the product needs more than 64 bits");
    }
    return product;
}

value sum(const value& all)
{
    value total = 0;
    for (const value& n : all) total = plus(total, n);
    return total;
}

awaitable<value> doze(value seconds)
{
    const std::chrono::duration<double> d{seconds.to<double>()};
    co_await sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(d));
    co_return seconds;
}

value echo(tasks::arguments all)
{
    return value::object("args", all.args, "kwargs", all.kwargs);
}

std::int64_t retry_n(const tasks::context& self, std::int64_t n)
{
    if (self.retries() >= n) return n;
    try {
        throw std::runtime_error("retry_n gave up");
    } catch (const std::runtime_error&) {
        self.retry(200ms, 3);
    }
}

// A signature may come as an argument, from Python, too.
awaitable<value> extend(tasks::app* app, tasks::context self, value call, value result)
{
    auto adding = self.add_to_chord(tasks::workflow<>(app->core(), std::move(call)));
    co_await std::move(adding);
    co_return result;
}

void add_canvas_tasks(tasks::app& app, const tasks::acks_late& acks)
{
    app.task(
        "ferry.swap",
        [&app](tasks::context self, value call) {
            self.replace(tasks::workflow<>(app.core(), std::move(call)));
        },
        acks, tasks::parameters("call"));
    app.task(
        "ferry.extend",
        [&app](tasks::context self, value call, value result) {
            return extend(&app, std::move(self), std::move(call), std::move(result));
        },
        acks, tasks::parameters("call", "result"));
}

void add_tasks(tasks::app& app, bool late)
{
    const tasks::acks_late acks(late);
    app.task("ferry.add", plus, acks, tasks::parameters("x", "y"));
    app.task("ferry.mul", times, acks, tasks::parameters("x", "y"));
    app.task("ferry.xsum", sum, acks, tasks::parameters("list"));
    app.task("ferry.sleep", doze, acks, tasks::parameters("s"));
    app.task(
        "ferry.fail", [](std::string msg) { throw std::invalid_argument(msg); }, acks,
        tasks::parameters("msg"));
    app.task("ferry.echo", echo, acks);
    app.task("ferry.note", [](value what) { return what; }, acks, tasks::parameters("what"));
    app.task(
        "ferry.retry_n", [](tasks::context self, std::int64_t n) { return retry_n(self, n); }, acks,
        tasks::parameters("n"));
    app.task("ferry.crash", [] { ::kill(::getpid(), SIGKILL); }, acks);
    add_canvas_tasks(app, acks);
}

}  // namespace

int main()
{
    log::set_level(log::level::info);
    tasks::app app("ferry", tasks::broker(broker_url()),
                   tasks::results(environment("FERRY_BACKEND")),
                   tasks::queue(environment("FERRY_QUEUE", "celery")),
                   tasks::accept_content("json", "pickle", "yaml", "msgpack"));
    add_tasks(app, environment("FERRY_ACKS_LATE", "0") == "1");
    if (environment("FERRY_BROKER").empty()) {
        for (const std::string& name : app.tasks()) std::cout << name << '\n';
        return 0;
    }
    tasks::worker_settings with;
    with.concurrency = std::stoul(environment("FERRY_CONCURRENCY", "2"));
    with.name = environment("FERRY_NODE");
    const std::string to_all = environment("FERRY_BROADCAST");
    if (!to_all.empty()) with.broadcasts.emplace_back(to_all);
    with.processes = environment("FERRY_POOL", "processes") == "processes";
    try {
        tasks::serve(app, with);
        return 0;
    } catch (const error& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}

// An app in a shared object, for `ferry worker --app`.
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

ferry::awaitable<std::string> slow_echo(std::string text)
{
    co_await ferry::sleep(1ms);
    co_return text;
}

ferry::awaitable<double> doze(double seconds)
{
    co_await ferry::sleep(std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
    co_return seconds;
}

std::string broker_url()
{
    const char* url = std::getenv("FERRY_BROKER");
    return url == nullptr ? "" : url;
}

ferry::tasks::app shop("shop", ferry::tasks::broker(broker_url()));
const auto add = shop.task("shop.add", [](int x, int y) { return x + y; });
const auto echo = shop.task("shop.echo", slow_echo);
const auto fail =
    shop.task("shop.fail", [](std::string text) -> int { throw std::runtime_error(text); });

const auto doze_task = shop.task("shop.doze", doze);
const auto pid = shop.task("shop.pid", [] { return static_cast<int>(::getpid()); });
const auto elsewhere =
    shop.task("shop.elsewhere", [] { return 1; }, ferry::tasks::queue("elsewhere"));

}  // namespace

FERRY_TASKS_APP(shop)

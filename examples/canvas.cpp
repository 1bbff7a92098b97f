// Workflows: a chain, a group, a chord, and a chain with all of them in it. The worker beside the
// caller could as well be Celery's.
#include "ferry/async/async.hpp"
#include "ferry/tasks/tasks.hpp"

#include <filesystem>
#include <iostream>
#include <numeric>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<int> total(tasks::task<int(int, int)> add, tasks::task<int(int, int)> mul,
                     tasks::task<int(std::vector<int>)> sum)
{
    auto nine = co_await tasks::chain(add.s(1, 2), mul.s(3)).delay();  // (1 + 2) * 3
    const int first = co_await nine.get(10s);

    auto sums = co_await tasks::group(add.s(1, 1), add.s(2, 2)).delay();  // [2, 4]
    const std::vector<value> both = co_await sums.get(10s);

    auto six = co_await tasks::chord(tasks::group(add.s(1, 1), add.s(2, 2)), sum.s()).delay();
    const int third = co_await six.get(10s);

    auto ninety =
        co_await tasks::chain(add.s(1, 1), tasks::group(add.s(2), add.s(3)), sum.s(), mul.s(10))
            .delay();
    const int fourth = co_await ninety.get(10s);

    std::cout << first << ", [" << both.at(0).as<int>() << ", " << both.at(1).as<int>() << "], "
              << third << ", " << fourth << '\n';
    co_return first + third + fourth;
}

awaitable<int> serve(tasks::app* app, awaitable<int> work)
{
    tasks::worker worker(*app, tasks::concurrency(2));
    auto serving = spawn(worker.run());
    const int result = co_await std::move(work);
    worker.stop();
    co_await serving.join();
    co_return result;
}

int main()
{
    const auto file = std::filesystem::temp_directory_path() / "ferry-example-canvas.db";
    tasks::app app("canvas", tasks::broker("sqlite://" + file.string()));
    const auto add = app.task("canvas.add", [](int x, int y) { return x + y; });
    const auto mul = app.task("canvas.mul", [](int x, int y) { return x * y; });
    const auto sum = app.task("canvas.sum", [](std::vector<int> all) {
        return std::accumulate(all.begin(), all.end(), 0);
    });
    return run(serve(&app, total(add, mul, sum))) == 105 ? 0 : 1;
}

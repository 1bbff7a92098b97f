// A task, a worker and a caller in one program. Run it as `tasks worker` and `tasks call shop.add 2
// 3` and they are three; name a broker, and they may be on three machines.
#include "ferry/tasks/tasks.hpp"

#include "ferry/async/async.hpp"

#include <iostream>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<void> shop(tasks::app* app, tasks::task<int(int, int)> add)
{
    tasks::worker worker(*app, tasks::concurrency(2));
    auto serving = spawn(worker.run());
    auto result = co_await add.delay(2, 3);
    const int five = co_await result.get(10s);
    std::cout << result.id() << ": 2 + 3 = " << five << '\n';
    worker.stop();
    co_await serving.join();
}

int main(int argc, char** argv)
{
    tasks::app app("shop", tasks::broker("sqlite:///tmp/ferry-example-shop.db"));
    auto add = app.task("shop.add", [](int x, int y) { return x + y; });
    if (argc > 1) return app.main(argc, argv);
    run(shop(&app, add));
}

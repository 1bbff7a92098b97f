// Calls that are sent when they are due, and a worker that takes them.
#include "ferry/tasks/beat.hpp"

#include "ferry/async/async.hpp"
#include "ferry/tasks/tasks.hpp"

#include <atomic>
#include <filesystem>
#include <iostream>

using namespace ferry;
using namespace std::chrono_literals;

int main()
{
    const auto folder = std::filesystem::temp_directory_path() / "ferry-example-beat";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    tasks::app app("shop", tasks::broker("sqlite://" + (folder / "tasks.db").string()));
    std::atomic<int> polls = 0;
    auto poll = app.task("shop.poll", [&](std::string what) {
        std::cout << "polled " << what << '\n';
        return ++polls;
    });
    auto tidy = app.task("shop.tidy", [] { return 0; });

    tasks::beat beat(app, tasks::state_file(folder / "beat.json"),
                     tasks::timezone("Europe/Berlin"));
    beat.add("poll orders", 50ms, poll.s("orders").set(tasks::expires(30s)));
    beat.add("tidy up", tasks::crontab("0 4 * * mon-fri"), tidy.s());
    beat.add("open the shutters", tasks::solar("sunrise", 52.52, 13.40), tidy.s());

    run([](tasks::app* of, tasks::beat* clock, std::atomic<int>* done) -> awaitable<void> {
        tasks::worker worker(*of, tasks::concurrency(1));
        auto serving = spawn(worker.run());
        auto beating = spawn(clock->run());
        while (*done < 3) co_await sleep(5ms);
        clock->stop();
        co_await beating.join();
        worker.stop();
        co_await serving.join();
    }(&app, &beat, &polls));
    std::filesystem::remove_all(folder);
}

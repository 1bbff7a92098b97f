#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/harvest/detail/fetcher.hpp"
#include "ferry/harvest/detail/wire.hpp"
#include "ferry/harvest/detail/worker_task.hpp"
#include "ferry/harvest/run.hpp"
#include "ferry/tasks/worker.hpp"

#include <csignal>
#include <filesystem>

namespace ferry::harvest {
namespace {

using namespace detail;

/// As many as the coordinator has under way for each worker: one is read while the other waits.
/// More would only leave other workers idle.
constexpr std::size_t batches_at_a_time = 2;

struct job {
    std::shared_ptr<const recipe> r;
    std::string hash;
};

/// The recipe as the coordinator has it: from the state, not from a file that may have changed.
job read_job(const std::string& directory)
{
    sqlite::database db{directory + "/state.db", sqlite::options().read_only()};
    const auto fact = [&](std::string_view name) {
        auto row = db.query("SELECT text FROM fact WHERE name = ?", name);
        if (!row.step()) throw error{errc::not_found, directory + ": there is no run to work for"};
        return std::string{row.text(0)};
    };
    const auto overrides = json::parse<std::vector<std::string>>(fact("overrides"));
    job made;
    made.r = std::make_shared<const recipe>(recipe::parse(fact("recipe"), directory, overrides));
    made.hash = fact("recipe_hash");
    return made;
}

awaitable<value> fetch_batch(std::shared_ptr<fetcher> fetch, std::string wanted, std::string hash,
                             value urls)
{
    if (hash != wanted) throw error{errc::invalid_state, "this worker has another recipe"};
    auto fetching = fetch->fetch_all(urls_from_wire(urls));
    const std::vector<page_outcome> outcomes = co_await std::move(fetching);
    co_return to_wire(outcomes);
}

awaitable<void> stop_on_signal(tasks::worker* serving)
{
    signals stop(SIGTERM, SIGINT);
    auto waiting = stop.next();
    co_await std::move(waiting);
    serving->stop();
}

awaitable<void> serve(std::string directory)
{
    const job now = read_job(directory);
    const auto fetch = std::make_shared<fetcher>(now.r);
    tasks::app app = make_app(directory);
    app.task(
        fetch_task,
        [fetch, wanted = now.hash](std::string hash, value urls) {
            return fetch_batch(fetch, wanted, std::move(hash), std::move(urls));
        },
        tasks::acks_late());
    tasks::worker serving(app, tasks::concurrency(1), tasks::coroutines(batches_at_a_time),
                          tasks::prefetch_multiplier(1));
    auto watching = spawn(stop_on_signal(&serving));
    auto running = serving.run();
    co_await std::move(running);
    watching.cancel();
}

}  // namespace

tasks::app detail::make_app(const std::string& directory)
{
    const auto path = std::filesystem::absolute(directory).string();
    return tasks::app("ferry.harvest", tasks::broker("sqlite://" + path + "/tasks.db"));
}

awaitable<void> work(std::string directory)
{
    return serve(std::move(directory));
}

}  // namespace ferry::harvest

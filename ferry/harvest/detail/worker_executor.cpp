#include "ferry/async/timeout.hpp"
#include "ferry/harvest/detail/executor.hpp"
#include "ferry/harvest/detail/wire.hpp"
#include "ferry/harvest/detail/worker_processes.hpp"
#include "ferry/harvest/detail/worker_task.hpp"

#include <filesystem>

namespace ferry::harvest::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch_urls = 16;
constexpr std::size_t batches_per_worker = 2;  ///< one is read, one waits
/// Over the time limits of its requests a batch may take this long to come and go.
constexpr auto slack = 60s;

class worker_executor final : public executor {
public:
    worker_executor(const std::string& directory, std::string recipe_hash, std::size_t workers,
                    std::vector<std::string> command, std::chrono::milliseconds url_limit)
        : hash_{std::move(recipe_hash)},
          workers_{workers},
          url_limit_{url_limit},
          app_{fresh_app(directory)},
          processes_{std::make_shared<worker_processes>(std::move(command), directory, workers)}
    {
    }

    awaitable<std::vector<page_outcome>> fetch(std::vector<waiting_url> urls) override
    {
        const auto limit = url_limit_ * static_cast<int>(urls.size()) + slack;
        auto call = app_.signature(fetch_task, hash_, to_wire(urls));
        return fetch_remote(std::move(call), urls.size(), limit);
    }
    std::size_t batch() const noexcept override { return batch_urls; }
    std::size_t parallel() const noexcept override { return workers_ * batches_per_worker; }
    double cpu_seconds() const override { return processes_->cpu_seconds(); }

    awaitable<void> keep_alive() override { return watch(processes_); }
    awaitable<void> close() override { return end(processes_); }

private:
    /// The queue of a run that was killed holds nothing that the state does not know.
    static tasks::app fresh_app(const std::string& directory)
    {
        for (const auto& entry : std::filesystem::directory_iterator(directory)) {
            if (entry.path().filename().string().starts_with("tasks.db")) {
                std::filesystem::remove(entry.path());
            }
        }
        return make_app(directory);
    }

    static awaitable<std::vector<page_outcome>> fetch_remote(tasks::signature<value> call,
                                                             std::size_t count,
                                                             std::chrono::milliseconds limit)
    {
        std::vector<page_outcome> all;
        try {
            auto sending = call.delay();
            const tasks::async_result<value> result = co_await std::move(sending);
            auto waiting = result.get(limit);
            const value got = co_await std::move(waiting);
            all = outcomes_from_wire(got);
            if (all.size() != count) throw error{errc::truncated, "an outcome for each URL is due"};
            auto forgetting = result.forget();
            co_await std::move(forgetting);
        } catch (const error& e) {
            // The worker was lost, or is of another version.
            page_outcome lost;
            lost.cause = "worker failed";
            lost.detail = e.what();
            lost.transient = true;
            all.assign(count, lost);
        }
        co_return all;
    }

    static awaitable<void> watch(std::shared_ptr<worker_processes> processes)
    {
        for (;;) {
            auto pause = sleep(200ms);
            co_await std::move(pause);
            processes->replace_dead();
        }
    }

    static awaitable<void> end(std::shared_ptr<worker_processes> processes)
    {
        processes->ask_to_end();
        for (int i = 0; i < 200 && !processes->ended(); ++i) {
            auto pause = sleep(20ms);
            co_await std::move(pause);
        }
        processes->kill_all();
    }

    std::string hash_;
    std::size_t workers_;
    std::chrono::milliseconds url_limit_;
    tasks::app app_;
    std::shared_ptr<worker_processes> processes_;
};

}  // namespace

std::unique_ptr<executor> make_worker_executor(const std::string& directory,
                                               const std::string& recipe_hash, std::size_t workers,
                                               std::vector<std::string> command,
                                               std::chrono::milliseconds url_limit)
{
    if (command.empty()) {
        throw error{errc::invalid_state, "run_options::worker_command is needed for workers"};
    }
    return std::make_unique<worker_executor>(directory, recipe_hash, workers, std::move(command),
                                             url_limit);
}

}  // namespace ferry::harvest::detail

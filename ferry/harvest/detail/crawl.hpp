#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/harvest/detail/executor.hpp"
#include "ferry/harvest/detail/frontier.hpp"
#include "ferry/harvest/detail/ledger.hpp"
#include "ferry/harvest/run.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ferry::harvest::detail {

/// The coordinator of a run: hands URLs from the frontier to the executor and what comes back to
/// the ledger, in batches. Everything here happens on one loop; only commits leave it.
class crawl : public std::enable_shared_from_this<crawl> {
public:
    static constexpr std::size_t batch_pages = 64;
    static constexpr std::chrono::milliseconds batch_age{200};

    crawl(std::shared_ptr<const recipe> r, const run_options& with, std::shared_ptr<ledger> book,
          std::shared_ptr<fetcher> fetch, std::unique_ptr<executor> work);

    /// Until nothing is left, or something stops it. \returns why it was stopped; empty: complete.
    /// \throws error  the ledger failed.
    awaitable<std::string> run() { return drive(shared_from_this()); }

private:
    using clock = std::chrono::steady_clock;

    static awaitable<std::string> drive(std::shared_ptr<crawl> self);
    static awaitable<void> work_on(std::shared_ptr<crawl> self, frontier::grant g);
    static awaitable<void> learn_robots(std::shared_ptr<crawl> self, std::uint32_t host);
    static awaitable<void> commit(std::shared_ptr<crawl> self, batch b);
    static awaitable<void> watch_stop(std::shared_ptr<crawl> self, std::shared_ptr<event> stop);
    static awaitable<void> keep_alive(std::shared_ptr<crawl> self);
    static awaitable<void> wait_for_change(std::shared_ptr<crawl> self);

    void start_work();
    void start_commit();
    bool finished() const;

    bool stopping() const { return !stopped_because_.empty(); }
    bool at_limit() const;
    void take(waiting_url u, page_outcome got);
    void take_denied(std::vector<waiting_url> urls);
    void take_committed(committed made);
    void check_layout();
    void show_progress();
    std::chrono::milliseconds wait_before(const waiting_url& u, const page_outcome& got) const;

    std::shared_ptr<const recipe> recipe_;
    std::shared_ptr<ledger> ledger_;
    std::shared_ptr<fetcher> fetcher_;
    std::unique_ptr<executor> executor_;
    std::function<void(const progress&)> on_progress_;
    std::shared_ptr<event> stop_;
    std::uint64_t limit_;

    frontier frontier_;
    std::vector<std::string> hosts_;
    std::set<std::uint32_t> unreachable_;  ///< hosts whose robots.txt nobody gave
    std::vector<finished_url> results_;
    std::vector<std::uint32_t> given_up_;
    clock::time_point oldest_result_{};
    clock::time_point began_{};
    clock::time_point counted_wall_{};
    double counted_cpu_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t urls_in_flight_ = 0;
    std::size_t robots_running_ = 0;
    std::uint64_t finished_ = 0;  ///< URLs that will not be fetched again
    tally totals_;                ///< as of the last commit
    bool committing_ = false;
    std::string stopped_because_;
    std::exception_ptr failure_;
    event change_;
    task_group group_;
};

}  // namespace ferry::harvest::detail

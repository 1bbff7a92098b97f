#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/core/value.hpp"
#include "ferry/harvest/recipe.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::harvest {

/// How far a run has come; counts include those of earlier runs on the same state.
struct progress {
    std::uint64_t known = 0;  ///< URLs
    std::uint64_t pages = 0;
    std::uint64_t redirects = 0;
    std::uint64_t failed = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;      ///< of bodies, decompressed
    std::uint64_t in_flight = 0;  ///< requests, or batches at the workers
    std::chrono::nanoseconds elapsed{0};

    std::uint64_t done() const noexcept { return pages + redirects + failed; }
};

/// What a run did: the summary, and `report.json`. Counts are those of the whole state.
struct report {
    struct count {
        std::string name;
        std::uint64_t n = 0;
        std::vector<std::string> samples;  ///< URLs, at most 5
    };
    struct record_count {
        std::string name;
        std::uint64_t written = 0;
        std::uint64_t duplicates = 0;  ///< dropped for their key
        std::uint64_t made = 0;        ///< written and duplicates: what `fields` counts in
        std::vector<count> fields;     ///< how many records have each
    };
    struct file {
        std::string path;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
    };

    std::string recipe;
    std::string directory;
    bool complete = false;
    std::string stopped_because;  ///< if it is not complete
    std::uint64_t known = 0;
    std::uint64_t pages = 0;
    std::uint64_t redirects = 0;
    std::uint64_t failed = 0;
    std::uint64_t waiting = 0;
    std::uint64_t retries = 0;
    std::uint64_t misencoded = 0;
    std::uint64_t duplicate_pages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t wire_bytes = 0;
    std::uint64_t missed = 0;  ///< records dropped for want of a required field
    std::vector<count> statuses;
    std::vector<record_count> records;
    std::vector<count> failures;  ///< by cause, most frequent first
    std::vector<count> misses;    ///< by required field
    std::vector<file> files;
    double wall_seconds = 0;
    double cpu_seconds = 0;  ///< of this process and its workers

    /// 0 complete; 3 complete, with more failures than the recipe allows, or without any page;
    /// 4 stopped, and may be resumed.
    int exit_code = 0;
};

/// The report as an object, as it stands in `report.json`.
value to_value(const report& r);
/// The report as a table for people, several lines.
std::string to_text(const report& r);

/// How to run.
class run_options {
public:
    run_options() = default;

    /// The state directory, made if it is not there; the recipe's name by default. Relative output
    /// files are inside.
    run_options& directory(std::string path) { return directory_ = std::move(path), *this; }
    /// Forget what an earlier run left there. Without it a run goes on where that one stopped.
    run_options& fresh(bool on) { return fresh_ = on, *this; }
    /// End after so many pages, redirects and failures.
    run_options& limit(std::uint64_t pages) { return limit_ = pages, *this; }
    /// Worker processes instead of the recipe's number; 0: fetch and extract in this process.
    run_options& workers(std::uint32_t n) { return workers_ = n, *this; }
    /// What starts a worker process; the state directory is added as its last argument. That
    /// program calls `work()`.
    run_options& worker_command(std::vector<std::string> words)
    {
        return worker_command_ = std::move(words), *this;
    }
    /// One request at a time in this process, so that equal sites give equal files.
    run_options& deterministic(bool on) { return deterministic_ = on, *this; }
    /// Called on the loop after each commit, at most five times a second or so.
    run_options& on_progress(std::function<void(const progress&)> f)
    {
        return on_progress_ = std::move(f), *this;
    }
    /// When set the run finishes what is in flight, saves and ends; it can be resumed.
    run_options& stop(std::shared_ptr<event> when) { return stop_ = std::move(when), *this; }

    const std::string& directory() const noexcept { return directory_; }
    bool fresh() const noexcept { return fresh_; }
    std::uint64_t limit() const noexcept { return limit_; }
    std::optional<std::uint32_t> workers() const noexcept { return workers_; }
    const std::vector<std::string>& worker_command() const noexcept { return worker_command_; }
    bool deterministic() const noexcept { return deterministic_; }
    const std::function<void(const progress&)>& on_progress() const noexcept
    {
        return on_progress_;
    }
    const std::shared_ptr<event>& stop() const noexcept { return stop_; }

private:
    std::string directory_;
    std::vector<std::string> worker_command_;
    std::function<void(const progress&)> on_progress_;
    std::shared_ptr<event> stop_;
    std::uint64_t limit_ = UINT64_MAX;
    std::optional<std::uint32_t> workers_;
    bool fresh_ = false;
    bool deterministic_ = false;
};
static_assert(awaitable_argument<run_options>);

/// Runs a recipe to its end: fetches, extracts, writes. Everything is committed in batches, pages
/// with the URLs and records they gave, so that a killed run is resumed by the next with the same
/// records in the end, none twice.
///
///     auto summary = run(harvest::run(recipe::load("books.toml")));
///
/// What is wrong with a page is counted, and the run goes on.
/// \throws error  the state is in use by another process (which is named), was made by another
///                recipe, or cannot be written: a full disk, say. What was committed stays, and the
///                next run goes on from there.
/// Cancelled: ends at once; what was not committed is fetched again by the next run.
/// As Scrapy's `crawl` with a JOBDIR.
awaitable<report> run(recipe r, run_options with = run_options());

/// Serves the run on a state directory as one of its workers, until the run ends.
awaitable<void> work(std::string directory);

/// Fetches one page and shows what a recipe takes from it: an object with `url`, `status`, `page`,
/// `records`, `links`, and `cause` if it failed. Nothing is written.
awaitable<value> try_page(recipe r, std::string url);

/// What a state directory knows, whether its run is going on or not; changes nothing.
/// \throws error  there is no state.
report status(const std::string& directory);

}  // namespace ferry::harvest

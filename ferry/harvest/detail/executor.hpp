#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/harvest/detail/fetcher.hpp"
#include "ferry/harvest/detail/outcome.hpp"
#include "ferry/harvest/detail/state.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ferry::harvest::detail {

/// Where pages are fetched and read: in this process, or in workers.
class executor {
public:
    executor() = default;
    executor(const executor&) = delete;
    executor& operator=(const executor&) = delete;
    virtual ~executor() = default;

    /// URLs of one host, one after another. As many outcomes as URLs.
    virtual awaitable<std::vector<page_outcome>> fetch(std::vector<waiting_url> urls) = 0;
    /// URLs worth handing over together.
    virtual std::size_t batch() const noexcept = 0;
    /// Calls of fetch() worth having at a time.
    virtual std::size_t parallel() const noexcept = 0;
    /// CPU seconds of other processes.
    virtual double cpu_seconds() const { return 0; }
    /// Replaces what dies while pages are fetched, until it is cancelled.
    /// \throws error  it dies again and again: nothing will be fetched any more.
    virtual awaitable<void> keep_alive() = 0;
    /// Ends what was started, once keep_alive() is cancelled.
    virtual awaitable<void> close() = 0;
};

std::unique_ptr<executor> make_local_executor(std::shared_ptr<fetcher> f, std::size_t parallel);

/// Starts worker processes, which take batches as tasks from a broker inside the state directory.
/// \param url_limit  what one URL may take.
std::unique_ptr<executor> make_worker_executor(const std::string& directory,
                                               const std::string& recipe_hash, std::size_t workers,
                                               std::vector<std::string> command,
                                               std::chrono::milliseconds url_limit);

}  // namespace ferry::harvest::detail

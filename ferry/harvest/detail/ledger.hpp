#pragma once

#include "ferry/harvest/detail/frontier.hpp"
#include "ferry/harvest/detail/sink.hpp"
#include "ferry/harvest/detail/state.hpp"
#include "ferry/harvest/recipe.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::harvest::detail {

class url_rules;

/// A URL and what came of it.
struct finished_url {
    waiting_url what;
    page_outcome got;
    bool again = false;  ///< it stays waiting
};

/// One commit: what it takes in, and what it gives back to the frontier.
struct batch {
    std::vector<finished_url> finished;
    std::vector<frontier::refill> refills;
    std::vector<std::uint32_t> given_up;  ///< hosts
    std::vector<std::pair<std::string, std::int64_t>> counts;
};
struct committed {
    std::vector<std::string> new_hosts;
    std::vector<waiting_url> added;
    std::vector<std::pair<frontier::refill, std::vector<waiting_url>>> refilled;
};

/// Numbers of a run as they grow; those of earlier runs on the same state included.
struct tally {
    std::uint64_t known = 0;
    std::uint64_t pages = 0;
    std::uint64_t redirects = 0;
    std::uint64_t failed = 0;
    std::uint64_t records = 0;
    std::uint64_t missed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t done() const noexcept { return pages + redirects + failed; }
};

/// Commits what was fetched: pages done, new URLs, records and output positions in one transaction.
/// Used by one thread at a time; a commit blocks for some milliseconds.
class ledger {
public:
    /// Opens the state and the outputs at their committed positions.
    ledger(std::shared_ptr<const recipe> r, const std::string& directory,
           std::unique_ptr<detail::state> opened);

    /// Makes the start URLs known, if they are not.
    committed start(const url_rules& rules);

    /// \throws error  the disk is full, or fails; nothing of the batch is kept then, and the ledger
    ///                must be thrown away.
    committed commit(batch b);

    /// Ends the outputs and gives them their names: the run is complete.
    void publish();

    detail::state& state() noexcept { return *state_; }
    const tally& totals() const noexcept { return totals_; }

private:
    void take(finished_url& f, committed& into);
    void take_records(finished_url& f);
    bool add(waiting_url u, std::string_view host, committed& into);
    void count(const std::string& name, std::int64_t more) { counts_[name] += more; }

    std::shared_ptr<const recipe> recipe_;
    std::unique_ptr<detail::state> state_;
    std::vector<std::string> paths_;
    std::vector<std::unique_ptr<sink>> sinks_;
    std::vector<const record*> records_;
    std::map<std::string, std::int64_t> counts_;
    tally totals_;
};

}  // namespace ferry::harvest::detail

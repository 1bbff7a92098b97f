#pragma once

#include "ferry/tasks/detail/arrival.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// The results that somebody will ask for, probably: which of them are listened for already, and
/// those that have come. The oldest are forgotten: nobody has to ask. Thread-safe.
class expected_results {
public:
    static constexpr std::size_t most = 10'000;
    static constexpr std::size_t most_bytes = 16U << 20U;
    static constexpr std::chrono::seconds kept{60};
    using clock = std::chrono::steady_clock;

    /// \param news  told when the result comes, unless somebody waits for it by then; may be null.
    /// \return whether listen() has to be called, on the thread that listens.
    bool expect(std::string key, clock::time_point now = clock::now(),
                std::shared_ptr<arrival> news = nullptr);

    /// What to listen for from now on, and what no longer.
    struct changes {
        std::vector<std::string> begin;
        std::vector<std::string> end;
    };
    changes listen(clock::time_point now = clock::now());

    /// A result that cannot change any more. If it is not expected, nothing happens.
    void came(const std::string& key, const std::string& text);

    /// The result, if it has come, which is then forgotten.
    std::optional<std::string> take(const std::string& key);

    /// What opens once the result has come, or is not expected any more; null if it is not now. For
    /// one coroutine each.
    std::shared_ptr<gate> wait(const std::string& key);

    /// What somebody waits for, and has not come.
    std::vector<std::string> awaited() const;

private:
    struct entry {
        clock::time_point since;
        bool listening = false;
        std::optional<std::string> text;
        std::shared_ptr<arrival> news;
        std::vector<std::weak_ptr<gate>> waiting;
    };
    using entries = std::map<std::string, entry, std::less<>>;
    void forget(entries::iterator at);
    static void open(const entry& e);

    mutable std::mutex mutex_;
    entries all_;                     ///< guarded, as what follows
    std::deque<std::string> order_;   ///< some may be gone
    std::vector<std::string> begin_;  ///< since the last listen()
    std::vector<std::string> end_;
    std::size_t bytes_ = 0;
    bool told_ = false;
};

}  // namespace ferry::tasks::detail

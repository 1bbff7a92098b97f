#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/result.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace ferry::tasks::detail {

/// The results that have come as messages, and who waits for those that have not. Belongs to one
/// loop.
class rpc_inbox {
public:
    /// So many are kept, whether somebody has asked for them or not; the oldest go first.
    static constexpr std::size_t most = 100'000;

    /// Lets those go on who wait for it. \return whether the result of this task is there for good.
    bool keep(result_document d);

    std::optional<result_document> find(const std::string& id) const;

    /// A result that is there for good. Who does not wait any more leaves nothing behind.
    static awaitable<result_document> wait(std::shared_ptr<rpc_inbox> self, std::string id);

    void forget(const std::string& id) { known_.erase(id); }

    /// How many wait.
    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    class place;

    std::map<std::string, result_document> known_;
    std::deque<std::string> order_;  ///< some may be forgotten
    std::multimap<std::string, place*> waiting_;
};

}  // namespace ferry::tasks::detail

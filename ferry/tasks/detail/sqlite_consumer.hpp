#pragma once

#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/ledger.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

class inbox;

/// The consumer of the embedded broker.
class sqlite_consumer final : public consumer {
public:
    /// \param results  if they are in the ledger's own file, `expiry` says how long they are kept.
    sqlite_consumer(std::shared_ptr<ledger> from, std::vector<std::string> queues,
                    std::size_t prefetch, std::shared_ptr<result_store> results,
                    std::optional<std::chrono::seconds> expiry);
    ~sqlite_consumer() override;

    awaitable<std::vector<delivery>> receive() override;
    awaitable<void> settle(settlement s) override;
    void prefetch(std::size_t usual, std::size_t waiting) override;
    void give_up() noexcept override;
    awaitable<void> close() override;

private:
    struct shared;

    void leave(ledger::completion done);
    static awaitable<std::vector<delivery>> receive_from(std::shared_ptr<shared> self);
    static awaitable<void> settle_with(std::shared_ptr<shared> self, settlement s);

    std::shared_ptr<shared> shared_;
    std::size_t prefetch_;
    bool open_ = true;
};

}  // namespace ferry::tasks::detail

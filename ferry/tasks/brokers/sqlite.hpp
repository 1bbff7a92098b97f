#pragma once

#include "ferry/core/sqlite.hpp"
#include "ferry/tasks/broker.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace ferry::tasks {

namespace detail {
class ledger;
}

/// How to open an embedded broker.
class sqlite_options {
public:
    sqlite_options() = default;

    /// normal (the default): a killed process loses nothing, a power cut may lose the last calls.
    sqlite_options& durable(sqlite::durability level)
    {
        durable_ = level;
        return *this;
    }
    /// How long a worker that hangs, or a machine that sleeps, keeps its tasks; 60 s by default.
    /// The tasks of one that died are given away within a second, whatever this says.
    sqlite_options& lease(std::chrono::milliseconds length)
    {
        lease_ = length;
        return *this;
    }
    /// The file never grows over so many pages of 4096 bytes; 0: as far as the disk goes.
    sqlite_options& max_pages(std::int64_t count)
    {
        max_pages_ = count;
        return *this;
    }

    sqlite::durability durable() const noexcept { return durable_; }
    std::chrono::milliseconds lease() const noexcept { return lease_; }
    std::int64_t max_pages() const noexcept { return max_pages_; }

private:
    sqlite::durability durable_ = sqlite::durability::normal;
    std::chrono::milliseconds lease_ = std::chrono::seconds{60};
    std::int64_t max_pages_ = 0;
};

/// The embedded broker: a SQLite file that the processes of one machine share. Durable, woken and
/// not polling, and with nothing to install.
///
/// Calls in flight at the same time are committed together. A settlement, its result in the same
/// file included, is one transaction: a task that was acked late has either ended with all that
/// follows, or comes again.
class sqlite_broker final : public message_broker {
public:
    /// \throws error  the file cannot be opened, or is not such a file.
    explicit sqlite_broker(const std::string& path, const sqlite_options& with = sqlite_options());
    ~sqlite_broker() override;

    awaitable<void> publish(std::string queue, envelope e) override;
    awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string> queues,
                                                 std::size_t prefetch,
                                                 std::shared_ptr<result_store> results) override;
    awaitable<std::int64_t> size(std::string queue) override;
    awaitable<std::int64_t> purge(std::string queue) override;
    std::unique_ptr<lease> open_lease(std::string name, std::chrono::milliseconds length) override;
    broker_info info() const override;

    const std::string& path() const noexcept;
    const std::shared_ptr<detail::ledger>& ledger() const noexcept { return ledger_; }

private:
    std::shared_ptr<detail::ledger> ledger_;
};

/// The embedded result store, in a file of its own or in a broker's.
class sqlite_results final : public result_store {
public:
    explicit sqlite_results(const std::string& path,
                            std::chrono::seconds expiry = default_result_expiry,
                            const sqlite_options& with = sqlite_options());
    /// In the broker's file.
    explicit sqlite_results(const sqlite_broker& beside,
                            std::chrono::seconds expiry = default_result_expiry);
    ~sqlite_results() override;

    awaitable<void> store(result_document d) override;
    awaitable<result_document> find(std::string task_id) override;
    awaitable<result_document> wait(std::string task_id) override;
    awaitable<void> forget(std::string task_id) override;
    awaitable<void> begin_chord(std::string group, std::int64_t size, value header) override;
    awaitable<void> add_part(std::string group) override;
    awaitable<std::vector<chord_part>> end_part(std::string group, chord_part part) override;

    const std::shared_ptr<detail::ledger>& ledger() const noexcept { return ledger_; }
    std::chrono::seconds expiry() const noexcept { return expiry_; }

private:
    std::shared_ptr<detail::ledger> ledger_;
    std::chrono::seconds expiry_;
};

}  // namespace ferry::tasks

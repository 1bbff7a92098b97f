// What a worker remembers over a restart: `{"revoked": {id: time}, "stamps": {header: [stamps]},
// "clock": 7}`.
#include "ferry/async/timeout.hpp"
#include "ferry/core/file.hpp"
#include "ferry/core/log.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/detail/worker_core.hpp"

#include <algorithm>
#include <filesystem>

namespace ferry::tasks::detail {
namespace {

constexpr std::size_t max_state_bytes = 64 * 1024 * 1024;
constexpr std::chrono::seconds write_each{1};

}  // namespace

void worker_core::recall()
{
    if (!std::filesystem::exists(settings.state_db)) return;
    try {
        const value all = json::parse(read_whole_file(settings.state_db, max_state_bytes));
        const timestamp present = now();
        std::vector<std::pair<std::chrono::seconds, std::string>> ids;
        for (const auto& [id, when] : all["revoked"].items()) {
            const auto age = std::chrono::duration_cast<std::chrono::seconds>(
                present - iso8601::parse(when.as<std::string>()).utc);
            ids.emplace_back(std::max(age, std::chrono::seconds{0}), std::string{id});
        }
        std::ranges::sort(ids, std::greater<>());
        for (const auto& [age, id] : ids) {
            if (age < revocations::kept) revoked_ids.add(id, age);
        }
        for (const auto& [header, stamps] : all["stamps"].items()) {
            revoked_by_stamp.add(std::string{header}, stamps);
        }
        clock->saw(all["clock"].as<std::int64_t>());
    } catch (error& e) {
        e.add_context("read the worker's state " + settings.state_db);
        throw;
    }
    written_down_ = revoked_ids.changes() + revoked_by_stamp.changes();
}

void worker_core::write_down() noexcept
{
    try {
        const std::uint64_t changes = revoked_ids.changes() + revoked_by_stamp.changes();
        const timestamp present = now();
        value ids = value::object();
        for (const auto& [id, age] : revoked_ids.ages()) {
            ids.insert(id, iso8601::format(present - age));
        }
        replace_file(settings.state_db,
                     json::dump(value::object("revoked", std::move(ids), "stamps",
                                              revoked_by_stamp.all(), "clock", clock->now())) +
                         '\n');
        written_down_ = changes;
    } catch (const std::exception& e) {
        log::error("the worker's state is not written", "path", settings.state_db, "reason",
                   e.what());
    }
}

awaitable<void> worker_core::remember(worker_core* self)
{
    while (true) {
        co_await sleep(write_each);
        const std::uint64_t changes =
            self->revoked_ids.changes() + self->revoked_by_stamp.changes();
        if (changes != self->written_down_) self->write_down();
    }
}

}  // namespace ferry::tasks::detail

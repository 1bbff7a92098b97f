#include "ferry/tasks/detail/database_core.hpp"

#include "ferry/core/log.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 20ms;
constexpr auto longest_pause = 500ms;

}  // namespace

database_core::database_core(std::unique_ptr<result_table> table) : table_{std::move(table)}
{
    thread_ = std::thread{[this] { run(); }};
}

database_core::~database_core()
{
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    news_.notify_one();
    thread_.join();
}

void database_core::submit(work act, completion done)
{
    {
        const std::lock_guard lock{mutex_};
        submitted_.push_back({std::move(act), std::move(done)});
    }
    news_.notify_one();
}

std::uint64_t database_core::watch(std::string task_id, answer done)
{
    std::uint64_t number = 0;
    {
        const std::lock_guard lock{mutex_};
        number = next_number_++;
        watched_.emplace(number, watcher{std::move(task_id), std::move(done)});
        look_at_ = clock::now();
        pause_ = first_pause;
    }
    news_.notify_one();
    return number;
}

void database_core::unwatch(std::uint64_t number)
{
    const std::lock_guard lock{mutex_};
    watched_.erase(number);
}

void database_core::run()
{
    std::unique_lock lock{mutex_};
    while (true) {
        const auto wanted = [this] {
            return stopping_ || !submitted_.empty() ||
                   (!watched_.empty() && clock::now() >= look_at_);
        };
        if (watched_.empty()) {
            news_.wait(lock, [&] { return wanted() || !watched_.empty(); });
        } else {
            news_.wait_until(lock, look_at_, wanted);
        }
        std::vector<entry> batch = std::exchange(submitted_, {});
        if (batch.empty() && stopping_) return;
        // What is stored here may be what is waited for here.
        const bool looks =
            !watched_.empty() && (!batch.empty() || clock::now() >= look_at_) && !stopping_;
        lock.unlock();
        std::vector<entry*> all;
        for (entry& e : batch) all.push_back(&e);
        if (!all.empty()) commit(all);
        if (looks) look();
        batch.clear();
        lock.lock();
    }
}

/// Every member of the batch learns its own outcome.
void database_core::commit(const std::vector<entry*>& batch)
{
    std::exception_ptr failure;
    try {
        table_->begin();
        for (const entry* e : batch) e->act(*table_);
        table_->commit();
    } catch (const error& e) {
        failure = std::current_exception();
        table_->rollback();
        // One may have spoilt it for all: each for itself, then.
        if (batch.size() > 1 && e.code() != condition::disconnected) {
            for (entry* one : batch) commit({one});
            return;
        }
    }
    for (const entry* e : batch) e->done(failure);
}

void database_core::look()
{
    std::vector<std::string> ids;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [number, w] : watched_) ids.push_back(w.task_id);
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    struct found {
        std::exception_ptr failure;
        std::optional<result_document> document;
    };
    std::map<std::string, found> ready;
    try {
        table_->begin();
        for (const result_columns& row : table_->find(ids)) {
            if (!state::ready(row.status)) continue;
            found& mine = ready[row.task_id];
            try {
                mine.document = document_of(row);
            } catch (error& e) {
                e.add_context("result " + row.task_id);
                mine.failure = std::current_exception();
            }
        }
        table_->commit();
    } catch (const error& e) {
        table_->rollback();
        log::warning("results cannot be looked for", "reason", e.what());
    }
    std::vector<std::pair<answer, found>> answers;
    {
        const std::lock_guard lock{mutex_};
        std::erase_if(watched_, [&](auto& each) {
            const auto at = ready.find(each.second.task_id);
            if (at == ready.end()) return false;
            answers.emplace_back(std::move(each.second.done), at->second);
            return true;
        });
        look_at_ = clock::now() + pause_;
        pause_ = std::min<clock::duration>(pause_ * 2, longest_pause);
    }
    for (auto& [done, what] : answers) done(what.failure, std::move(what.document));
}

}  // namespace ferry::tasks::detail

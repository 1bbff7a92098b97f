#include "ferry/tasks/detail/ledger.hpp"

#include "ferry/core/log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

// How often an idle ledger looks by itself, should a wake-up be lost or an owner die.
constexpr auto safety_poll = 1s;
constexpr auto cleaning_period = 60s;
constexpr auto pause_in_trouble = 200ms;

std::string process_name()
{
    return "pid " + std::to_string(::getpid());
}

sqlite::options database_options(const ledger::settings& with)
{
    return sqlite::options().durable(with.durable).max_pages(with.max_pages);
}

}  // namespace

stored_time stored_now() noexcept
{
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

ledger::ledger(const std::string& path, const settings& with)
    : path_{path},
      settings_{with},
      db_{path, database_options(with)},
      wake_{path + "-wake"},
      locks_{path + "-owners"},
      event_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}
{
    if (event_ < 0) throw system_failure(errno, "eventfd");
    thread_ = std::thread{[this] { run(); }};
}

ledger::~ledger()
{
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        wake_up_locked();
    }
    thread_.join();
    ::close(event_);
}

void ledger::wake_up_locked()
{
    if (!asleep_) return;
    asleep_ = false;
    ::eventfd_write(event_, 1);
}

void ledger::submit(leaves what, work act, completion done, std::uint64_t frees)
{
    const std::lock_guard lock{mutex_};
    submitted_.push_back({what, std::move(act), std::move(done), frees});
    wake_up_locked();
}

void ledger::enqueue(std::function<void()> chore)
{
    const std::lock_guard lock{mutex_};
    chores_.push_back(std::move(chore));
    wake_up_locked();
}

std::uint64_t ledger::open_consumer(std::vector<std::string> queues, delivery deliver)
{
    const std::uint64_t number = next_number_++;
    enqueue([this, number, queues = std::move(queues), deliver = std::move(deliver)]() mutable {
        consumers_[number] = {std::move(queues), std::move(deliver), 0};
    });
    return number;
}

void ledger::read(work look, completion done)
{
    enqueue([this, look = std::move(look), done = std::move(done)] {
        std::exception_ptr failure;
        try {
            look(table_);
        } catch (...) {
            failure = std::current_exception();
        }
        done(failure);
    });
}

void ledger::want(std::uint64_t number, std::int64_t more)
{
    enqueue([this, number, more] { allow(number, more); });
}

void ledger::allow(std::uint64_t number, std::int64_t more)
{
    const auto at = consumers_.find(number);
    if (at != consumers_.end()) at->second.wanted += more;
}

void ledger::close_consumer(std::uint64_t number, completion done)
{
    enqueue([this, number, done = std::move(done)] {
        consumers_.erase(number);
        done(nullptr);
    });
}

std::uint64_t ledger::watch(std::string task_id, answer done)
{
    const std::uint64_t number = next_number_++;
    enqueue([this, number, id = std::move(task_id), done = std::move(done)] {
        try {
            // Noted before the look at the table, so that a result stored meanwhile is not missed.
            if (watchers_.empty()) seen_result_ = table_.last_result();
            std::optional<result_row> row = table_.result(id);
            if (row && row->ready) {
                done(nullptr, std::move(row));
                return;
            }
            watchers_[id].push_back({number, done});
            watched_[number] = id;
        } catch (const error&) {
            done(std::current_exception(), std::nullopt);
        }
    });
    return number;
}

void ledger::unwatch(std::uint64_t number)
{
    enqueue([this, number] {
        const auto at = watched_.find(number);
        if (at == watched_.end()) return;
        std::vector<watcher>& same = watchers_[at->second];
        std::erase_if(same, [number](const watcher& w) { return w.number == number; });
        if (same.empty()) watchers_.erase(at->second);
        watched_.erase(at);
    });
}

bool ledger::collect(std::vector<entry>& batch)
{
    std::vector<std::function<void()>> chores;
    bool more = false;
    {
        const std::lock_guard lock{mutex_};
        batch.swap(submitted_);
        chores.swap(chores_);
        more = !stopping_;
    }
    for (const std::function<void()>& chore : chores) chore();
    return more || !batch.empty() || !chores.empty();
}

void ledger::run()
{
    while (true) {
        std::vector<entry> batch;
        if (!collect(batch)) break;
        in_trouble_ = false;
        turn(std::move(batch));
        wait(patience());
    }
    consumers_.clear();
    if (owner_ == 0) return;
    entry leave{leaves::news, [this](task_table& table) { table.remove_owner(owner_); },
                [](const std::exception_ptr&) {}, 0};
    commit({&leave}, false);
}

void ledger::turn(std::vector<entry> batch)
{
    guarded([this] { keep_house(); });
    std::vector<entry*> all;
    all.reserve(batch.size());
    for (entry& e : batch) all.push_back(&e);
    guarded([&] {
        const bool claim = !consumers_.empty() && (!all.empty() || anything_to_claim());
        if (!all.empty() || claim) commit(all, claim);
    });
    guarded([this] { look_for_results(); });
}

template <class F>
void ledger::guarded(F act) noexcept
{
    try {
        act();
    } catch (const std::exception& e) {
        in_trouble_ = true;
        log::error("task database failed", "path", path_, "reason", e.what());
    }
}

/// Every member of the batch learns its own outcome. \throws only if the batch is empty.
void ledger::commit(const std::vector<entry*>& batch, bool claim)
{
    std::vector<claimed_batch> claimed;
    leaves what = leaves::nothing;
    const std::int64_t owner_before = owner_;
    std::exception_ptr failure;
    // Before the claims, so that a worker's next tasks come with the acks of its last.
    for (const entry* e : batch) allow(e->frees, 1);
    try {
        sqlite::transaction t{db_};
        for (const entry* e : batch) {
            e->act(table_);
            if (e->what == leaves::news) what = leaves::news;
        }
        if (claim) claim_wanted(claimed);
        t.commit();
    } catch (...) {
        failure = std::current_exception();
        // The number is free again, and may go to another process.
        if (owner_ != owner_before) locks_.let_go(std::exchange(owner_, owner_before));
        for (const entry* e : batch) allow(e->frees, -1);
    }
    if (failure && batch.empty()) std::rethrow_exception(failure);
    if (failure && (batch.size() > 1 || claim)) {
        // One may have spoilt it for all: each for itself, then.
        for (entry* e : batch) commit({e}, false);
        return;
    }
    if (!failure && what == leaves::news) {
        wake_.touch();
        results_may_have_come_ = true;
    }
    for (const entry* e : batch) e->done(failure);
    for (claimed_batch& c : claimed) {
        consumer& to = consumers_.at(c.to);
        to.wanted -= std::ssize(c.tasks);
        to.deliver(std::move(c.tasks));
    }
}

bool ledger::anything_to_claim()
{
    const std::optional<stored_time> next = table_.next_eta();
    if (next && *next <= stored_now()) return true;
    return std::ranges::any_of(consumers_, [this](const auto& c) {
        return c.second.wanted > 0 && std::ranges::any_of(c.second.queues, [this](const auto& q) {
                   return table_.any_ready(q);
               });
    });
}

void ledger::claim_wanted(std::vector<claimed_batch>& into)
{
    ensure_owner();
    table_.admit_due(stored_now());
    // Each turn begins behind the consumer that was served first in the last one.
    auto at = consumers_.upper_bound(last_served_);
    for (std::size_t i = 0; i < consumers_.size(); ++i, ++at) {
        if (at == consumers_.end()) at = consumers_.begin();
        if (i == 0) last_served_ = at->first;
        const consumer& c = at->second;
        claimed_batch batch{at->first, {}};
        for (const std::string& queue : c.queues) {
            const std::int64_t missing = c.wanted - std::ssize(batch.tasks);
            if (missing <= 0) break;
            if (!table_.any_ready(queue)) continue;
            std::ranges::move(table_.claim(queue, owner_, static_cast<std::size_t>(missing)),
                              std::back_inserter(batch.tasks));
        }
        if (!batch.tasks.empty()) into.push_back(std::move(batch));
    }
}

/// Inside a transaction: after a long stop this process may have been taken for dead, and what it
/// claims then would belong to nobody.
void ledger::ensure_owner()
{
    if (owner_ != 0 && table_.owner_exists(owner_)) return;
    const stored_time ends = stored_now() + settings_.lease.count();
    owner_ = table_.add_owner(ends, process_name());
    locks_.hold(owner_);
    renewal_due_ = std::chrono::steady_clock::now() + settings_.lease / 3;
}

void ledger::keep_house()
{
    if (consumers_.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    if (owner_ != 0 && now >= renewal_due_) {
        renewal_due_ = now + settings_.lease / 3;
        sqlite::transaction t{db_};
        table_.renew_owner(owner_, stored_now() + settings_.lease.count());
        t.commit();
    }
    if (now >= sweep_due_) {
        sweep_due_ = now + safety_poll;
        restore_lost();
    }
    if (now >= cleaning_due_) {
        cleaning_due_ = now + cleaning_period;
        sqlite::transaction t{db_};
        table_.drop_expired(stored_now());
        t.commit();
    }
}

void ledger::restore_lost()
{
    if (table_.lost_owners(locks_, stored_now(), owner_).empty()) return;
    sqlite::transaction t{db_};
    // Asked again under the write lock: another process may have been quicker.
    for (const std::int64_t owner : table_.lost_owners(locks_, stored_now(), owner_)) {
        log::warning("returning the tasks of a worker that died", "path", path_, "owner", owner);
        table_.remove_owner(owner);
    }
    t.commit();
    wake_.touch();
}

void ledger::look_for_results()
{
    if (watchers_.empty() || !std::exchange(results_may_have_come_, false)) return;
    const std::int64_t last = table_.last_result();
    for (const std::string& id : table_.results_after(seen_result_)) {
        if (!watchers_.contains(id)) continue;
        const std::optional<result_row> row = table_.result(id);
        if (row && row->ready) answer_watchers(id, *row);
    }
    seen_result_ = last;
}

void ledger::answer_watchers(const std::string& task_id, const result_row& row)
{
    const auto at = watchers_.find(task_id);
    const std::vector<watcher> waiting = std::move(at->second);
    watchers_.erase(at);
    for (const watcher& w : waiting) {
        watched_.erase(w.number);
        w.done(nullptr, row);
    }
}

/// How long nothing needs to be done, in milliseconds; -1: until somebody comes.
int ledger::patience()
{
    if (in_trouble_) return static_cast<int>(pause_in_trouble / 1ms);
    if (consumers_.empty() && watchers_.empty()) return -1;
    std::int64_t limit = safety_poll / 1ms;
    if (!consumers_.empty()) {
        try {
            if (const auto next = table_.next_eta()) {
                limit = std::clamp<std::int64_t>(*next - stored_now(), 0, limit);
            }
        } catch (const error&) {
            return static_cast<int>(pause_in_trouble / 1ms);
        }
    }
    return static_cast<int>(limit);
}

void ledger::wait(int milliseconds)
{
    {
        const std::lock_guard lock{mutex_};
        asleep_ = !stopping_ && submitted_.empty() && chores_.empty();
        if (!asleep_) milliseconds = 0;
    }
    // A process that waits for nothing is not woken by others either.
    const bool listening = !in_trouble_ && !(consumers_.empty() && watchers_.empty());
    std::array<pollfd, 2> ready = {pollfd{event_, POLLIN, 0},
                                   pollfd{listening ? wake_.descriptor() : -1, POLLIN, 0}};
    const int count = ::poll(ready.data(), ready.size(), milliseconds);
    if (ready[1].revents != 0) wake_.drain();
    if (ready[1].revents != 0 || (count == 0 && milliseconds != 0)) results_may_have_come_ = true;
    if (ready[0].revents != 0) {
        eventfd_t ignored = 0;
        ::eventfd_read(event_, &ignored);
    }
    const std::lock_guard lock{mutex_};
    asleep_ = false;
}

}  // namespace ferry::tasks::detail

#include "ferry/tasks/detail/sqlite_consumer.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/ledger_io.hpp"
#include "ferry/tasks/detail/store_at_last.hpp"

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>

namespace ferry::tasks::detail {

/// What the ledger's thread and the loops of a worker share.
class inbox {
public:
    void add(std::vector<claimed_task> tasks)
    {
        {
            const std::lock_guard lock{mutex_};
            for (claimed_task& t : tasks) {
                held_[static_cast<std::uint64_t>(t.id)] = t.owner;
                arrived_.push_back(std::move(t));
            }
        }
        arrival_->open();
    }

    std::vector<claimed_task> take()
    {
        const std::lock_guard lock{mutex_};
        return std::exchange(arrived_, {});
    }

    /// The owner number under which a task was claimed; none if it is settled.
    std::optional<std::int64_t> find(std::uint64_t tag)
    {
        const std::lock_guard lock{mutex_};
        const auto at = held_.find(tag);
        if (at == held_.end()) return std::nullopt;
        return at->second;
    }

    /// A task that was claimed anew meanwhile stays.
    void drop(std::uint64_t tag, std::int64_t owner)
    {
        const std::lock_guard lock{mutex_};
        const auto at = held_.find(tag);
        if (at != held_.end() && at->second == owner) held_.erase(at);
    }

    std::unordered_map<std::uint64_t, std::int64_t> take_held()
    {
        const std::lock_guard lock{mutex_};
        arrived_.clear();
        return std::exchange(held_, {});
    }

    const std::shared_ptr<gate>& arrival() const noexcept { return arrival_; }

private:
    std::mutex mutex_;
    std::vector<claimed_task> arrived_;
    std::unordered_map<std::uint64_t, std::int64_t> held_;
    const std::shared_ptr<gate> arrival_ = std::make_shared<gate>();
};

struct sqlite_consumer::shared {
    std::shared_ptr<ledger> from;
    std::shared_ptr<result_store> results;
    std::optional<std::chrono::seconds> expiry;
    std::shared_ptr<inbox> in = std::make_shared<inbox>();
    const std::shared_ptr<std::atomic<bool>> giving_up = std::make_shared<std::atomic<bool>>(false);
    std::uint64_t number = 0;
};

namespace {

std::optional<delivery> to_delivery(claimed_task&& t)
{
    try {
        delivery d;
        d.content = envelope_from_text(t.head, std::move(t.body));
        d.queue = std::move(t.queue);
        d.tag = static_cast<std::uint64_t>(t.id);
        d.redelivered = t.deliveries > 1;
        return d;
    } catch (const error& e) {
        log::error("task message dropped", "queue", t.queue, "reason", e.what());
        return std::nullopt;
    }
}

/// \return false if the owner has lost the task meanwhile.
bool end_claim(task_table& t, std::uint64_t tag, std::int64_t owner, verdict how)
{
    const auto id = static_cast<std::int64_t>(tag);
    if (how != verdict::requeue) return t.ack(id, owner);
    t.release(id, owner, true);
    return true;
}

ledger::work insert_all(std::vector<outgoing> messages)
{
    std::vector<new_task> next;
    for (outgoing& o : messages) next.push_back(task_of(std::move(o.queue), std::move(o.content)));
    return [next = std::move(next)](task_table& t) {
        for (const new_task& n : next) t.insert(n);
    };
}

}  // namespace

sqlite_consumer::sqlite_consumer(std::shared_ptr<ledger> from, std::vector<std::string> queues,
                                 std::size_t prefetch, std::shared_ptr<result_store> results,
                                 std::optional<std::chrono::seconds> expiry)
    : shared_{std::make_shared<shared>()}, prefetch_{prefetch}
{
    shared_->from = std::move(from);
    shared_->results = std::move(results);
    shared_->expiry = expiry;
    shared_->number = shared_->from->open_consumer(
        std::move(queues),
        [to = shared_->in](std::vector<claimed_task> tasks) { to->add(std::move(tasks)); });
    shared_->from->want(shared_->number, static_cast<std::int64_t>(prefetch));
}

sqlite_consumer::~sqlite_consumer()
{
    if (open_) leave([](const std::exception_ptr&) {});
}

awaitable<std::vector<delivery>> sqlite_consumer::receive()
{
    return receive_from(shared_);
}

awaitable<std::vector<delivery>> sqlite_consumer::receive_from(std::shared_ptr<shared> self)
{
    std::vector<delivery> result;
    while (result.empty()) {
        for (claimed_task& t : self->in->take()) {
            const std::int64_t id = t.id;
            const std::int64_t owner = t.owner;
            if (auto d = to_delivery(std::move(t))) {
                result.push_back(std::move(*d));
                continue;
            }
            self->in->drop(static_cast<std::uint64_t>(id), owner);
            self->from->submit(
                ledger::leaves::nothing, [id, owner](task_table& table) { table.ack(id, owner); },
                [](const std::exception_ptr&) {}, self->number);
        }
        if (!result.empty()) break;
        auto arrival = gate::wait(self->in->arrival());
        co_await std::move(arrival);
    }
    co_return result;
}

awaitable<void> sqlite_consumer::settle(settlement s)
{
    return settle_with(shared_, std::move(s));
}

awaitable<void> sqlite_consumer::settle_with(std::shared_ptr<shared> self, settlement s)
{
    const std::optional<std::int64_t> owner = self->in->find(s.tag);
    if (s.tag != 0 && !owner) {
        log::info("task is not held any more, so it is not settled", "tag", s.tag);
        co_return;
    }
    if (s.result && !self->expiry) {
        // Results lie elsewhere: what follows first, then the result, then the delivery.
        auto followed = write(self->from, ledger::leaves::news, insert_all(std::move(s.publish)));
        co_await std::move(followed);
        s.publish.clear();
        auto stored = store_at_last(self->results, &*s.result, self->giving_up);
        co_await std::move(stored);
        s.result.reset();
    }
    std::optional<result_row> row;
    if (s.result) row = row_of(*s.result, *self->expiry);
    const bool news = row || !s.publish.empty() || s.verdict == verdict::requeue;
    ledger::work act = [tag = s.tag, how = s.verdict, owner, row = std::move(row),
                        insert = insert_all(std::move(s.publish))](task_table& t) {
        // A worker that has lost the task meanwhile leaves no trace: another one runs it.
        if (owner && !end_claim(t, tag, *owner, how)) return;
        insert(t);
        if (row) t.store(*row);
    };
    // On the ledger's thread, where nothing comes between the commit and this: a task that was
    // given back may be claimed and delivered again before this coroutine goes on.
    const outcome<std::monostate> done;
    ledger::completion end = [done, in = self->in, tag = s.tag, owner](std::exception_ptr e) {
        if (!e && owner) in->drop(tag, *owner);
        done.set(std::move(e), std::monostate());
    };
    self->from->submit(news ? ledger::leaves::news : ledger::leaves::nothing, std::move(act),
                       std::move(end), owner ? self->number : 0);
    auto written = outcome<std::monostate>::get(done);
    co_await std::move(written);
}

void sqlite_consumer::prefetch(std::size_t usual, std::size_t waiting)
{
    const std::size_t count = usual + waiting;
    const auto before = static_cast<std::int64_t>(std::exchange(prefetch_, count));
    shared_->from->want(shared_->number, static_cast<std::int64_t>(count) - before);
}

void sqlite_consumer::give_up() noexcept
{
    *shared_->giving_up = true;
}

void sqlite_consumer::leave(ledger::completion done)
{
    open_ = false;
    const auto give_back = [from = shared_->from.get(), in = shared_->in,
                            done = std::move(done)](const std::exception_ptr&) {
        ledger::work release = [held = in->take_held()](task_table& t) {
            for (const auto& [tag, owner] : held) {
                t.release(static_cast<std::int64_t>(tag), owner, false);
            }
        };
        from->submit(ledger::leaves::news, std::move(release), done);
    };
    shared_->from->close_consumer(shared_->number, give_back);
}

awaitable<void> sqlite_consumer::close()
{
    const outcome<std::monostate> done;
    leave([done](std::exception_ptr e) { done.set(std::move(e), std::monostate()); });
    const auto finish = [](outcome<std::monostate> closed) -> awaitable<void> {
        auto waiting = outcome<std::monostate>::get(closed);
        co_await std::move(waiting);
    };
    return finish(done);
}

}  // namespace ferry::tasks::detail

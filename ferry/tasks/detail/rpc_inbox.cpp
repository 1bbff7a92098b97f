#include "ferry/tasks/detail/rpc_inbox.hpp"

#include "ferry/async/sync.hpp"

#include <utility>

namespace ferry::tasks::detail {

/// One who waits, among those that do.
class rpc_inbox::place {
public:
    place(rpc_inbox& in, const std::string& id) : in_{in}, at_{in.waiting_.emplace(id, this)} {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { in_.waiting_.erase(at_); }

    event arrived;
    std::optional<result_document> document;

private:
    rpc_inbox& in_;
    std::multimap<std::string, place*>::iterator at_;
};

bool rpc_inbox::keep(result_document d)
{
    const auto [at, fresh] = known_.try_emplace(d.task_id);
    result_document& kept = at->second;
    if (fresh) order_.push_back(d.task_id);
    // A task that is delivered twice may be tried again after its failure has come.
    if (d.ready() ? kept.status != state::success : !kept.ready()) kept = std::move(d);
    const bool ready = kept.ready();
    if (ready) {
        const auto [from, to] = waiting_.equal_range(at->first);
        for (auto who = from; who != to; ++who) {
            who->second->document = kept;
            who->second->arrived.set();
        }
    }
    while (order_.size() > most) {
        known_.erase(order_.front());
        order_.pop_front();
    }
    return ready;
}

std::optional<result_document> rpc_inbox::find(const std::string& id) const
{
    const auto at = known_.find(id);
    if (at == known_.end()) return std::nullopt;
    return at->second;
}

awaitable<result_document> rpc_inbox::wait(std::shared_ptr<rpc_inbox> self, std::string id)
{
    if (std::optional<result_document> there = self->find(id); there && there->ready()) {
        co_return std::move(*there);
    }
    place mine{*self, id};
    co_await mine.arrived.wait();
    co_return std::move(*mine.document);
}

}  // namespace ferry::tasks::detail

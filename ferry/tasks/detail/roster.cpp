#include "ferry/tasks/detail/roster.hpp"

#include <utility>

namespace ferry::tasks::detail {

void roster::set(const std::shared_ptr<request>& r, state s)
{
    const std::lock_guard lock{mutex_};
    const auto at = all_.find(r.get());
    if (at == all_.end()) return;
    if (at->second.where == state::active) --active_;
    if (s == state::active) ++active_;
    at->second.where = s;
}

void roster::add(const std::shared_ptr<request>& r)
{
    const std::lock_guard lock{mutex_};
    all_.emplace(r.get(), entry{r, state::reserved});
}

void roster::hold(const std::shared_ptr<request>& r)
{
    set(r, state::scheduled);
}

void roster::let_go(const std::shared_ptr<request>& r)
{
    set(r, state::reserved);
}

void roster::start(const std::shared_ptr<request>& r)
{
    set(r, state::active);
}

void roster::end(const std::shared_ptr<request>& r, bool counts)
{
    const std::lock_guard lock{mutex_};
    const auto at = all_.find(r.get());
    if (at == all_.end()) return;
    if (at->second.where == state::active) --active_;
    all_.erase(at);
    if (counts) ++totals_[r->call.task];
}

void roster::clear()
{
    const std::lock_guard lock{mutex_};
    all_.clear();
    active_ = 0;
}

roster::list roster::in(state s) const
{
    const std::lock_guard lock{mutex_};
    list found;
    for (const auto& [key, e] : all_) {
        if (e.where == s) found.push_back(e.what);
    }
    return found;
}

roster::list roster::with_id(std::string_view task_id) const
{
    const std::lock_guard lock{mutex_};
    list found;
    for (const auto& [key, e] : all_) {
        if (e.what->call.id == task_id) found.push_back(e.what);
    }
    return found;
}

std::size_t roster::active_count() const
{
    const std::lock_guard lock{mutex_};
    return active_;
}

std::map<std::string, std::uint64_t> roster::totals() const
{
    const std::lock_guard lock{mutex_};
    return totals_;
}

void revocations::expire(clock::time_point now)
{
    while (!order_.empty()) {
        const auto at = when_.find(order_.front());
        if (at != when_.end() && order_.size() <= most && now - at->second < kept) return;
        if (at != when_.end()) when_.erase(at);
        order_.pop_front();
    }
}

void revocations::add(const std::string& id)
{
    const std::lock_guard lock{mutex_};
    const auto now = clock::now();
    if (when_.emplace(id, now).second) order_.push_back(id);
    expire(now);
}

bool revocations::contains(const std::string& id) const
{
    const std::lock_guard lock{mutex_};
    const auto at = when_.find(id);
    return at != when_.end() && clock::now() - at->second < kept;
}

std::vector<std::string> revocations::ids() const
{
    const std::lock_guard lock{mutex_};
    return {order_.begin(), order_.end()};
}

}  // namespace ferry::tasks::detail

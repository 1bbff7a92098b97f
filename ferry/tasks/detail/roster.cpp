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
    if (counts) ++totals_[r->shown_name()];
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

std::size_t roster::count() const
{
    const std::lock_guard lock{mutex_};
    return all_.size();
}

std::string_view roster::state_of(const request& r) const
{
    const std::lock_guard lock{mutex_};
    const auto at = all_.find(&r);
    if (at == all_.end() || at->second.where == state::scheduled) return "ready";
    return at->second.where == state::active ? "active" : "reserved";
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

void revocations::add(const std::string& id, std::chrono::seconds age)
{
    const std::lock_guard lock{mutex_};
    const auto now = clock::now();
    if (when_.emplace(id, now - age).second) {
        order_.push_back(id);
        ++changes_;
    }
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

std::vector<std::pair<std::string, std::chrono::seconds>> revocations::ages() const
{
    const std::lock_guard lock{mutex_};
    const auto now = clock::now();
    std::vector<std::pair<std::string, std::chrono::seconds>> all;
    for (const std::string& id : order_) {
        const auto age = now - when_.at(id);
        all.emplace_back(id, std::chrono::duration_cast<std::chrono::seconds>(age));
    }
    return all;
}

std::uint64_t revocations::changes() const
{
    const std::lock_guard lock{mutex_};
    return changes_;
}

namespace {

/// One, or each of a list.
template <class Visit>
void each_stamp(const value& stamps, Visit visit)
{
    if (!stamps.is_sequence()) return visit(stamps);
    for (const value& one : stamps) visit(one);
}

std::string text_of(const value& stamp)
{
    return stamp.is_string() ? stamp.as<std::string>() : python_repr(stamp);
}

}  // namespace

void revoked_stamps::add(const std::string& header, const value& stamps)
{
    const std::lock_guard lock{mutex_};
    each_stamp(stamps, [&](const value& one) {
        stamp s{header, text_of(one)};
        if (!stamps_.insert(s).second) return;
        order_.push_back(std::move(s));
        ++changes_;
        if (order_.size() <= most) return;
        stamps_.erase(order_.front());
        order_.pop_front();
    });
}

bool revoked_stamps::contain(const value& headers) const
{
    const value* const own = headers.get_if("stamps");
    if (own == nullptr || !own->is_object()) return false;
    const std::lock_guard lock{mutex_};
    if (stamps_.empty()) return false;
    bool found = false;
    for (const auto& [header, stamps] : own->items()) {
        each_stamp(stamps, [&](const value& one) {
            found = found || stamps_.contains({std::string{header}, text_of(one)});
        });
    }
    return found;
}

value revoked_stamps::all() const
{
    const std::lock_guard lock{mutex_};
    value all = value::object();
    for (const auto& [header, text] : order_) {
        if (!all.contains(header)) all.insert(header, value::array());
        all[header].push_back(text);
    }
    return all;
}

std::uint64_t revoked_stamps::changes() const
{
    const std::lock_guard lock{mutex_};
    return changes_;
}

}  // namespace ferry::tasks::detail

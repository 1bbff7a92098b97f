#include "ferry/tasks/detail/roster.hpp"

#include <utility>

namespace ferry::tasks::detail {

void roster::add(const list& all)
{
    const std::lock_guard lock{mutex_};
    for (const auto& r : all) {
        r->where = request::stage::reserved;
        r->place = all_.size();
        all_.push_back(r);
    }
}

void roster::start(const std::shared_ptr<request>& r)
{
    const std::lock_guard lock{mutex_};
    if (r->where != request::stage::reserved) return;
    r->where = request::stage::active;
    ++active_;
    count_start(*r);
}

void roster::count_start(const request& r)
{
    const std::string& shown = r.shown_name();
    const bool room = totals_.size() < most_names && shown.size() <= longest_name;
    ++totals_[room || totals_.contains(shown) ? shown : r.call.task];
}

void roster::end(const std::shared_ptr<request>& r)
{
    const std::lock_guard lock{mutex_};
    if (r->where == request::stage::unlisted) return;
    if (r->where == request::stage::active) --active_;
    r->where = request::stage::unlisted;
    all_.back()->place = r->place;
    std::swap(all_[r->place], all_.back());
    all_.pop_back();
}

void roster::clear()
{
    const std::lock_guard lock{mutex_};
    for (const auto& r : all_) r->where = request::stage::unlisted;
    all_.clear();
    active_ = 0;
}

roster::list roster::in(request::stage s) const
{
    const std::lock_guard lock{mutex_};
    list found;
    for (const auto& r : all_) {
        if (r->where == s) found.push_back(r);
    }
    return found;
}

roster::list roster::with_id(std::string_view task_id) const
{
    const std::lock_guard lock{mutex_};
    list found;
    for (const auto& r : all_) {
        if (r->call.id == task_id) found.push_back(r);
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
    switch (r.where) {
        case request::stage::active: return "active";
        case request::stage::reserved: return "reserved";
        case request::stage::unlisted: break;
    }
    return "ready";
}

std::map<std::string, std::uint64_t> roster::totals() const
{
    const std::lock_guard lock{mutex_};
    return totals_;
}

std::uint64_t roster::total() const
{
    const std::lock_guard lock{mutex_};
    std::uint64_t sum = 0;
    for (const auto& [name, count] : totals_) sum += count;
    return sum;
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

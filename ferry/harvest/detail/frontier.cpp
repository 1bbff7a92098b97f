#include "ferry/harvest/detail/frontier.hpp"

#include "ferry/harvest/detail/canonical.hpp"

#include <algorithm>

namespace ferry::harvest::detail {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_delay = std::chrono::minutes{1};
constexpr milliseconds first_slow_down = std::chrono::seconds{1};
constexpr milliseconds longest_retry_after = std::chrono::hours{24};

bool overloaded(const page_outcome& got)
{
    return got.status == 429 || got.status == 503;
}

}  // namespace

frontier::frontier(const politeness& manners, std::uint64_t seed)
    : manners_{manners}, random_{static_cast<std::minstd_rand::result_type>(seed + 1)}
{
}

void frontier::add_host(std::uint32_t host, bool on_disk)
{
    if (host < hosts_.size()) return;
    hosts_.resize(host + 1);
    host_state& h = hosts_[host];
    h.delay = h.least_delay = manners_.delay;
    h.all_loaded = !on_disk;
    if (on_disk) ++unloaded_;
    h.robots_known = !manners_.obey_robots;
    if (manners_.obey_robots) want_robots_.push_back(host);
}

void frontier::add(waiting_url u)
{
    host_state& h = hosts_[u.host];
    if (h.given_up) return;
    if (!h.all_loaded) return;
    if (h.queue.size() >= window) {
        h.all_loaded = false;
        ++unloaded_;
        return;
    }
    const auto host = u.host;
    h.last_id = u.id;
    h.queue.push_back(std::move(u));
    ++queued_;
    schedule(host);
}

void frontier::add_again(waiting_url u, time_point when)
{
    host_state& h = hosts_[u.host];
    if (h.given_up) return;
    const auto host = u.host;
    h.again.emplace(when, std::move(u));
    ++queued_;
    schedule(host);
}

std::optional<std::uint32_t> frontier::wants_robots()
{
    if (want_robots_.empty()) return {};
    const auto host = want_robots_.front();
    want_robots_.pop_front();
    return host;
}

void frontier::set_robots(std::uint32_t host, robots r)
{
    host_state& h = hosts_[host];
    h.rules = std::move(r);
    h.robots_known = true;
    h.least_delay = std::max(manners_.delay, h.rules.delay().value_or(milliseconds{0}));
    h.delay = std::max(h.delay, h.least_delay);
    schedule(host);
}

std::vector<frontier::refill> frontier::wants_refill()
{
    std::vector<refill> all;
    if (unloaded_ == 0) return all;
    for (std::uint32_t host = 0; host < hosts_.size(); ++host) {
        host_state& h = hosts_[host];
        if (h.all_loaded || h.loading || h.given_up || h.queue.size() > window / 2) continue;
        h.loading = true;
        all.push_back({host, h.last_id});
    }
    return all;
}

void frontier::refilled(const refill& what, std::vector<waiting_url> urls)
{
    host_state& h = hosts_[what.host];
    h.loading = false;
    if (h.given_up) return;
    if (urls.size() < window) {
        h.all_loaded = true;
        --unloaded_;
    }
    for (auto& u : urls) {
        h.last_id = u.id;
        h.queue.push_back(std::move(u));
        ++queued_;
    }
    schedule(what.host);
}

void frontier::schedule(std::uint32_t host)
{
    host_state& h = hosts_[host];
    if (h.scheduled || !h.robots_known || h.running >= manners_.per_host) return;
    time_point when = h.next_start;
    if (h.queue.empty()) {
        if (h.again.empty()) return;
        when = std::max(when, h.again.begin()->first);
    }
    h.scheduled = true;
    turns_.push({when, next_turn_++, host});
}

std::optional<frontier::grant> frontier::next(time_point now, std::size_t most)
{
    while (!turns_.empty() && turns_.top().when <= now) {
        const auto host = turns_.top().host;
        turns_.pop();
        host_state& h = hosts_[host];
        h.scheduled = false;
        if (h.given_up || h.running >= manners_.per_host) continue;
        if (h.next_start > now) {  // it was told to wait after its turn was set
            schedule(host);
            continue;
        }
        grant made;
        made.host = host;
        const std::size_t wanted = h.delay.count() > 0 ? 1 : most;
        while (made.urls.size() < wanted && made.denied.size() < window) {
            waiting_url u;
            if (!h.again.empty() && h.again.begin()->first <= now) {
                u = std::move(h.again.begin()->second);
                h.again.erase(h.again.begin());
            } else if (!h.queue.empty()) {
                u = std::move(h.queue.front());
                h.queue.pop_front();
            } else {
                break;
            }
            --queued_;
            const auto path = split_canonical(u.url);
            auto& list = h.rules.allowed(path.path()) ? made.urls : made.denied;
            list.push_back(std::move(u));
        }
        if (!made.urls.empty()) {
            ++h.running;
            std::uniform_real_distribution<double> part{0, manners_.jitter};
            const double more = h.delay.count() > 0 ? part(random_) : 0;
            h.next_start = now + h.delay +
                           milliseconds{static_cast<std::int64_t>(
                               static_cast<double>(h.delay.count()) * more)};
        }
        schedule(host);
        if (!made.urls.empty() || !made.denied.empty()) return made;
    }
    return {};
}

std::optional<frontier::time_point> frontier::due() const
{
    if (turns_.empty()) return {};
    return turns_.top().when;
}

void frontier::release(std::uint32_t host)
{
    --hosts_[host].running;
    schedule(host);
}

bool frontier::observe(std::uint32_t host, const page_outcome& got, time_point now)
{
    host_state& h = hosts_[host];
    if (h.given_up) return true;
    if (got.retry_after.count() > 0) {
        h.next_start = std::max(h.next_start, now + std::min(got.retry_after, longest_retry_after));
    }
    if (overloaded(got)) {
        h.delay = std::min(longest_delay, std::max(first_slow_down, h.delay * 2));
        h.next_start = std::max(h.next_start, now + h.delay);
    } else if (got.what != page_outcome::kind::failed && h.delay > h.least_delay) {
        h.delay = std::max(h.least_delay, h.delay - h.delay / 8 - milliseconds{1});
    }
    // A page that is not there says nothing about its host.
    const bool host_fails = got.what == page_outcome::kind::failed && got.transient;
    h.errors = host_fails ? h.errors + 1 : 0;
    return h.errors < max_errors_in_a_row;
}

void frontier::give_up(std::uint32_t host)
{
    host_state& h = hosts_[host];
    if (h.given_up) return;
    h.given_up = true;
    queued_ -= h.queue.size() + h.again.size();
    h.queue.clear();
    h.again.clear();
    if (!h.all_loaded) --unloaded_;
    h.all_loaded = true;
}

bool frontier::exhausted() const noexcept
{
    return queued_ == 0 && unloaded_ == 0;
}

}  // namespace ferry::harvest::detail

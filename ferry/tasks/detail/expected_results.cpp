#include "ferry/tasks/detail/expected_results.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {

bool expected_results::expect(std::string key, clock::time_point now, std::shared_ptr<arrival> news)
{
    const std::lock_guard lock{mutex_};
    const auto [at, fresh] = all_.try_emplace(key);
    at->second.since = now;
    at->second.news = std::move(news);
    if (!fresh) return false;
    order_.push_back(key);
    begin_.push_back(std::move(key));
    return !std::exchange(told_, true);
}

expected_results::changes expected_results::listen(clock::time_point now)
{
    const std::lock_guard lock{mutex_};
    told_ = false;
    while (!order_.empty()) {
        const auto at = all_.find(order_.front());
        const bool old = at != all_.end() && now - at->second.since >= kept;
        if (at != all_.end() && !old && all_.size() <= most && bytes_ <= most_bytes) break;
        if (at != all_.end()) forget(at);
        order_.pop_front();
    }
    if (order_.size() > 2 * all_.size() + most) {
        std::erase_if(order_, [this](const std::string& key) { return !all_.contains(key); });
    }
    changes c;
    for (std::string& key : std::exchange(begin_, {})) {
        const auto at = all_.find(key);
        if (at == all_.end() || std::exchange(at->second.listening, true)) continue;
        c.begin.push_back(std::move(key));
    }
    c.end = std::exchange(end_, {});
    return c;
}

void expected_results::forget(entries::iterator at)
{
    if (at->second.text) bytes_ -= at->second.text->size();
    if (at->second.listening) end_.push_back(at->first);
    open(at->second);
    all_.erase(at);
}

void expected_results::open(const entry& e)
{
    for (const std::weak_ptr<gate>& each : e.waiting) {
        if (const auto waits = each.lock()) waits->open();
    }
}

void expected_results::came(const std::string& key, const std::string& text)
{
    std::shared_ptr<arrival> news;
    {
        const std::lock_guard lock{mutex_};
        const auto at = all_.find(key);
        if (at == all_.end() || at->second.text) return;
        bytes_ += text.size();
        at->second.text = text;
        news = std::move(at->second.news);
        if (std::exchange(at->second.listening, false)) end_.push_back(key);
        open(at->second);
    }
    if (news) news->tell();
}

std::optional<std::string> expected_results::take(const std::string& key)
{
    const std::lock_guard lock{mutex_};
    const auto at = all_.find(key);
    if (at == all_.end() || !at->second.text) return std::nullopt;
    std::optional<std::string> text = at->second.text;
    forget(at);
    return text;
}

std::shared_ptr<gate> expected_results::wait(const std::string& key)
{
    const std::lock_guard lock{mutex_};
    const auto at = all_.find(key);
    if (at == all_.end()) return nullptr;
    auto mine = std::make_shared<gate>();
    if (at->second.text) mine->open();
    auto& waiting = at->second.waiting;
    std::erase_if(waiting, [](const auto& each) { return each.expired(); });
    waiting.push_back(mine);
    return mine;
}

std::vector<std::string> expected_results::awaited() const
{
    const std::lock_guard lock{mutex_};
    std::vector<std::string> keys;
    for (const auto& [key, e] : all_) {
        const bool waits =
            std::ranges::any_of(e.waiting, [](const auto& w) { return !w.expired(); });
        if (waits && !e.text) keys.push_back(key);
    }
    return keys;
}

}  // namespace ferry::tasks::detail

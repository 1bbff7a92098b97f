#include "ferry/http/cookies.hpp"

#include "ferry/http/detail/cookie_rules.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <tuple>
#include <unordered_map>

namespace ferry::http {
namespace {

constexpr std::size_t max_per_domain = 50;
constexpr std::size_t max_in_all = 3000;

struct held {
    cookie value;
    std::uint64_t order;  ///< of creation: equal times keep their order
    std::uint64_t used;
};

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept
    {
        return std::hash<std::string_view>()(text);
    }
};

detail::cookie_scope scope_of(const url& u)
{
    return {u.hostname(), u.path(), u.scheme() == "https" || u.scheme() == "wss"};
}

}  // namespace

class cookie_jar::impl {
public:
    void store(const url& from, std::string_view line, timestamp now)
    {
        auto parsed = parse_set_cookie(line, now);
        if (!parsed) return;
        const detail::cookie_scope scope = scope_of(from);
        auto taken = detail::accept_cookie(std::move(*parsed), scope);
        if (!taken) return;
        const std::lock_guard lock(mutex_);
        if (!scope.secure && hides_secure(*taken)) return;
        put(std::move(*taken), now);
    }

    std::string header(const url& to, timestamp now)
    {
        const detail::cookie_scope scope = scope_of(to);
        const std::lock_guard lock(mutex_);
        std::vector<held*> fitting;
        for_domains_of(scope.host, [&](std::vector<held>& cookies) {
            for (held& h : cookies) {
                if (detail::may_send(h.value, scope, now)) fitting.push_back(&h);
            }
        });
        std::ranges::sort(fitting, [](const held* a, const held* b) {
            return std::tuple(b->value.path.size(), a->order) <
                   std::tuple(a->value.path.size(), b->order);
        });
        std::string text;
        for (held* h : fitting) {
            h->used = ++clock_;
            if (!text.empty()) text += "; ";
            text.append(h->value.name).append("=").append(h->value.value);
        }
        return text;
    }

    void set(cookie c)
    {
        const std::lock_guard lock(mutex_);
        put(std::move(c), ferry::now());
    }

    std::optional<cookie> find(std::string_view name, std::string_view domain) const
    {
        const std::lock_guard lock(mutex_);
        const cookie* best = nullptr;
        for (const auto& [key, cookies] : by_domain_) {
            if (!domain.empty() && key != domain) continue;
            for (const held& h : cookies) {
                const bool better = best == nullptr || h.value.path.size() > best->path.size();
                if (h.value.name == name && better) best = &h.value;
            }
        }
        if (best == nullptr) return std::nullopt;
        return *best;
    }

    std::vector<cookie> all(timestamp now) const
    {
        const std::lock_guard lock(mutex_);
        std::vector<cookie> every;
        for (const auto& [domain, cookies] : by_domain_) {
            for (const held& h : cookies) {
                if (!h.value.expires || *h.value.expires > now) every.push_back(h.value);
            }
        }
        std::ranges::sort(every, [](const cookie& a, const cookie& b) {
            return std::tie(a.domain, a.path, a.name) < std::tie(b.domain, b.path, b.name);
        });
        return every;
    }

    std::size_t erase(std::string_view name, std::string_view domain)
    {
        const std::lock_guard lock(mutex_);
        return erase_if([&](const held& h) {
            return h.value.name == name && (domain.empty() || h.value.domain == domain);
        });
    }

    void clear()
    {
        const std::lock_guard lock(mutex_);
        by_domain_.clear();
        size_ = 0;
    }

    std::size_t size() const noexcept { return size_; }

private:
    // The host itself and every domain above it.
    template <class Visit>
    void for_domains_of(std::string_view host, const Visit& visit)
    {
        if (size_ == 0) return;
        for (std::string_view domain = host; !domain.empty();) {
            if (const auto at = by_domain_.find(domain); at != by_domain_.end()) visit(at->second);
            const std::size_t dot = domain.find('.');
            if (dot == std::string_view::npos) break;
            domain.remove_prefix(dot + 1);
        }
    }

    // Section 5.7 step 16: what came over http may not hide a cookie that came over https.
    bool hides_secure(const cookie& c)
    {
        bool hides = false;
        for (const auto& [domain, cookies] : by_domain_) {
            for (const held& h : cookies) {
                hides = hides || (h.value.secure && h.value.name == c.name &&
                                  (detail::domain_matches(domain, c.domain) ||
                                   detail::domain_matches(c.domain, domain)) &&
                                  detail::path_matches(c.path, h.value.path));
            }
        }
        return hides;
    }

    void put(cookie c, timestamp now)
    {
        const bool expired = c.expires && *c.expires <= now;
        if (expired && !by_domain_.contains(c.domain)) return;
        std::vector<held>& cookies = by_domain_[c.domain];
        const auto old = std::ranges::find_if(cookies, [&](const held& h) {
            return h.value.name == c.name && h.value.path == c.path &&
                   h.value.host_only == c.host_only;
        });
        if (old != cookies.end()) {
            if (expired) {
                cookies.erase(old);
                --size_;
                return;
            }
            c.created = old->value.created;
            old->value = std::move(c);
            old->used = ++clock_;
            return;
        }
        if (expired) return;
        ++clock_;
        cookies.push_back({std::move(c), clock_, clock_});
        ++size_;
        if (cookies.size() > max_per_domain) {
            erase_expired(now);
            if (cookies.size() > max_per_domain) drop_least_used(cookies);
        }
        if (size_ > max_in_all) {
            erase_expired(now);
            if (size_ > max_in_all) drop_least_used_of_all();
        }
    }

    template <class Match>
    std::size_t erase_if(const Match& match)
    {
        std::size_t erased = 0;
        for (auto& [domain, cookies] : by_domain_) erased += std::erase_if(cookies, match);
        size_ -= erased;
        return erased;
    }

    void erase_expired(timestamp now)
    {
        erase_if([&](const held& h) { return h.value.expires && *h.value.expires <= now; });
    }

    // Section 5.7: those that are not Secure go first.
    void drop_least_used(std::vector<held>& cookies)
    {
        const auto rank = [](const held& h) { return std::pair(h.value.secure, h.used); };
        cookies.erase(std::ranges::min_element(cookies, {}, rank));
        --size_;
    }

    void drop_least_used_of_all()
    {
        std::erase_if(by_domain_, [](const auto& entry) { return entry.second.empty(); });
        const auto oldest = [](const auto& entry) {
            return std::ranges::min(entry.second, {}, &held::used).used;
        };
        std::vector<held>& cookies = std::ranges::min_element(by_domain_, {}, oldest)->second;
        cookies.erase(std::ranges::min_element(cookies, {}, &held::used));
        --size_;
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::vector<held>, text_hash, std::equal_to<>> by_domain_;
    std::atomic<std::size_t> size_ = 0;  ///< read without the lock
    std::uint64_t clock_ = 0;
};

cookie_jar::cookie_jar() : impl_(std::make_unique<impl>()) {}
cookie_jar::~cookie_jar() = default;
cookie_jar::cookie_jar(cookie_jar&&) noexcept = default;
cookie_jar& cookie_jar::operator=(cookie_jar&&) noexcept = default;

void cookie_jar::store(const url& from, std::string_view set_cookie, timestamp now)
{
    impl_->store(from, set_cookie, now);
}

std::string cookie_jar::header(const url& to, timestamp now)
{
    return impl_->header(to, now);
}

void cookie_jar::set(cookie c)
{
    if (!detail::may_keep(c)) {
        throw error(errc::bad_header, fmt::format("cookie {:?} cannot be sent", c.name));
    }
    impl_->set(std::move(c));
}

std::optional<cookie> cookie_jar::find(std::string_view name, std::string_view domain) const
{
    return impl_->find(name, domain);
}

std::vector<cookie> cookie_jar::all(timestamp now) const
{
    return impl_->all(now);
}

std::size_t cookie_jar::erase(std::string_view name, std::string_view domain)
{
    return impl_->erase(name, domain);
}

void cookie_jar::clear()
{
    impl_->clear();
}

std::size_t cookie_jar::size() const noexcept
{
    return impl_->size();
}

}  // namespace ferry::http

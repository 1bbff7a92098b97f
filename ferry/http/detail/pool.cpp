#include "ferry/http/detail/pool.hpp"

#include "ferry/async/timeout.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http::detail {
namespace {

// A connection used a moment ago is taken on trust: asking costs a system call a request, and one
// that was closed all the same is replaced when it fails.
constexpr std::chrono::milliseconds trusted_for(500);

}  // namespace

struct connection_pool::waiting final : waiter {
    explicit waiting(bool with_check) noexcept : check(with_check) {}

    lease granted;
    bool check;
};

connection_pool::lease::lease(lease&& other) noexcept
    : pool_(std::move(other.pool_)),
      slot_(std::exchange(other.slot_, nullptr)),
      connection_(std::move(other.connection_)),
      reused_(other.reused_)
{
}

connection_pool::lease& connection_pool::lease::operator=(lease&& other) noexcept
{
    if (this != &other) {
        drop();
        pool_ = std::move(other.pool_);
        slot_ = std::exchange(other.slot_, nullptr);
        connection_ = std::move(other.connection_);
        reused_ = other.reused_;
    }
    return *this;
}

void connection_pool::lease::connected(net::stream s)
{
    connection_ = std::make_unique<client_connection>(std::move(s));
    reused_ = false;
}

void connection_pool::lease::keep()
{
    if (slot_ == nullptr) return;
    const auto pool = std::move(pool_);
    pool->give_back(*std::exchange(slot_, nullptr), std::move(connection_));
}

void connection_pool::lease::drop() noexcept
{
    connection_.reset();
    if (slot_ == nullptr) return;
    const auto pool = std::move(pool_);
    pool->give_back(*std::exchange(slot_, nullptr), nullptr);
}

connection_pool::slot& connection_pool::slot_of(const url& to)
{
    const origin_view key{to.scheme(), to.hostname(), to.port_or_default()};
    if (const auto at = slots_.find(key); at != slots_.end()) return *at->second;
    auto made = std::make_unique<slot>();
    made->scheme = key.scheme;
    made->host = key.host;
    made->port = key.port;
    const origin_view own_key = made->key();
    return *slots_.emplace(own_key, std::move(made)).first->second;
}

bool connection_pool::is_usable(client_connection& c, bool check) const noexcept
{
    const auto age = clock::now() - c.idle_since;
    if (age > limits_.idle_timeout()) return false;
    return (!check && age < trusted_for) || !c.stream.readable_now();
}

connection_pool::lease connection_pool::take(slot& from, bool check)
{
    lease taken;
    while (!from.idle.empty() && !taken.connection_) {
        auto candidate = std::move(from.idle.back());
        from.idle.pop_back();
        if (is_usable(*candidate, check)) {
            taken.connection_ = std::move(candidate);
            taken.reused_ = true;
        } else {
            --total_;
        }
    }
    if (!taken.connection_) {
        if (!make_room(from)) return taken;
        ++total_;
    }
    ++from.active;
    taken.slot_ = &from;
    taken.pool_ = shared_from_this();
    return taken;
}

// Whether one more connection may be opened; closes an idle one of another host if need be.
bool connection_pool::make_room(const slot& for_whom) noexcept
{
    if (for_whom.count() >= limits_.per_host()) return false;
    if (total_ < limits_.total()) return true;
    slot* oldest = nullptr;
    for (const auto& [key, s] : slots_) {
        if (!s->idle.empty() &&
            (oldest == nullptr || s->idle.front()->idle_since < oldest->idle.front()->idle_since)) {
            oldest = s.get();
        }
    }
    if (oldest == nullptr) return false;
    oldest->idle.erase(oldest->idle.begin());
    --total_;
    return true;
}

connection_pool::lease connection_pool::try_acquire(const url& to, bool check)
{
    slot& s = slot_of(to);
    if (!s.line.empty()) return {};
    return take(s, check);
}

awaitable<connection_pool::lease> connection_pool::acquire(url to, bool check,
                                                           std::chrono::nanoseconds limit)
{
    lease at_once = try_acquire(to, check);
    if (at_once) co_return at_once;
    const auto self = shared_from_this();
    waiting place(check);
    slot_of(to).line.push_back(place);
    ++in_line_;
    auto turn =
        ferry::timeout(limit, place.park(), "a free connection to " + std::string(to.host()));
    std::exception_ptr failure;
    try {
        co_await std::move(turn);
    } catch (...) {
        failure = std::current_exception();
    }
    --in_line_;
    if (failure) std::rethrow_exception(failure);
    co_return std::move(place.granted);
}

void connection_pool::give_back(slot& to, std::unique_ptr<client_connection> connection) noexcept
{
    --to.active;
    if (connection && !closed_) {
        connection->idle_since = clock::now();
        to.idle.push_back(std::move(connection));
        if (!sweeper_.running()) sweeper_.start_after(limits_.idle_timeout());
    } else {
        connection.reset();
        --total_;
    }
    if (in_line_ > 0) serve_line(to);
    forget_if_unused(to);
}

bool connection_pool::serve_one(slot& s) noexcept
{
    if (s.line.empty()) return false;
    auto* const next = static_cast<waiting*>(s.line.front());
    lease granted = take(s, next->check);
    if (!granted) return false;
    next->granted = std::move(granted);
    s.line.wake_one();
    return true;
}

// The place that became free goes to whoever waits for this host, then for any other.
void connection_pool::serve_line(slot& first) noexcept
{
    if (serve_one(first)) return;
    for (const auto& [key, s] : slots_) {
        if (serve_one(*s)) return;
    }
}

void connection_pool::forget_if_unused(slot& s) noexcept
{
    if (s.unused()) slots_.erase(s.key());
}

void connection_pool::sweep() noexcept
{
    const auto now = clock::now();
    bool more = false;
    for (auto at = slots_.begin(); at != slots_.end();) {
        slot& s = *at->second;
        total_ -= std::erase_if(s.idle, [&](const std::unique_ptr<client_connection>& c) {
            return now - c->idle_since >= limits_.idle_timeout();
        });
        more = more || !s.idle.empty();
        at = s.unused() ? slots_.erase(at) : std::next(at);
    }
    if (more) sweeper_.start_after(limits_.idle_timeout());
}

void connection_pool::close() noexcept
{
    closed_ = true;
    sweeper_.stop();
    for (const auto& [key, s] : slots_) {
        total_ -= s->idle.size();
        s->idle.clear();
    }
}

std::size_t connection_pool::idle() const noexcept
{
    std::size_t n = 0;
    for (const auto& [key, s] : slots_) n += s->idle.size();
    return n;
}

}  // namespace ferry::http::detail

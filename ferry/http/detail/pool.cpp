#include "ferry/http/detail/pool.hpp"

#include "ferry/async/timeout.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http::detail {
namespace {

// A connection used a moment ago is taken on trust: asking costs a system call a request, and one
// that was closed all the same is replaced when it fails.
constexpr std::chrono::milliseconds trusted_for(500);

// For errors, as a URL would have it.
std::string text_of(const route& to)
{
    if (to.host.empty()) return "the proxy";
    const bool is_default = to.port == (to.scheme == "https" ? 443 : 80);
    return std::string(to.host) + (is_default ? std::string() : ':' + std::to_string(to.port));
}

}  // namespace

client_connection::client_connection(net::stream s) : stream(std::move(s))
{
    if (stream.tls() != nullptr) tls = std::make_shared<const net::tls_info>(*stream.tls());
}

struct connection_pool::waiting final : waiter {
    explicit waiting(bool with_check) noexcept : check(with_check) {}

    lease granted;
    bool check;
};

connection_pool::lease::lease(lease&& other) noexcept
    : pool_(std::move(other.pool_)),
      slot_(std::exchange(other.slot_, nullptr)),
      connection_(std::move(other.connection_)),
      shared_(std::move(other.shared_)),
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
        shared_ = std::move(other.shared_);
        reused_ = other.reused_;
    }
    return *this;
}

bool connection_pool::lease::may_be_http2() const noexcept
{
    return slot_->may_be_http2;
}

void connection_pool::lease::require_http1()
{
    slot_->may_be_http2 = false;
    pool_->http1_only_.insert(slot_->host + ':' + std::to_string(slot_->port));
    pool_->retire_shared(*slot_);
}

void connection_pool::lease::connected(net::stream s, bool http2,
                                       std::chrono::milliseconds write_limit)
{
    reused_ = false;
    if (http2) {
        shared_ = std::make_shared<http2_connection>(std::move(s));
        shared_->start(write_limit);
        pool_->share(*slot_, shared_);
        return;
    }
    connection_ = std::make_unique<client_connection>(std::move(s));
    // Those who waited to see which protocol it would be may now connect by themselves.
    const bool news = !std::exchange(slot_->knows_protocol, true);
    if (news && pool_->in_line_ > 0) {
        while (pool_->serve_one(*slot_)) {
        }
    }
}

void connection_pool::lease::keep()
{
    if (slot_ == nullptr) return;
    if (shared_) {
        drop();
        return;
    }
    const auto pool = std::move(pool_);
    pool->give_back(*std::exchange(slot_, nullptr), std::move(connection_));
}

void connection_pool::lease::drop() noexcept
{
    connection_.reset();
    const auto shared = std::move(shared_);
    if (slot_ == nullptr) return;
    const auto pool = std::move(pool_);
    slot& from = *std::exchange(slot_, nullptr);
    if (shared) {
        if (shared != from.shared) shared->retire();
        pool->give_back_stream(from);
    } else {
        pool->give_back(from, nullptr);
    }
}

connection_pool::slot& connection_pool::slot_of(const route& to)
{
    if (const auto at = slots_.find(to); at != slots_.end()) return *at->second;
    auto made = std::make_unique<slot>(*this);
    made->scheme = to.scheme;
    made->host = to.host;
    made->port = to.port;
    made->via = to.via;
    made->may_be_http2 =
        to.may_be_http2 && (http1_only_.empty() ||
                            !http1_only_.contains(made->host + ':' + std::to_string(made->port)));
    const route own_key = made->key();
    return *slots_.emplace(own_key, std::move(made)).first->second;
}

bool connection_pool::is_too_old(clock::time_point made) const noexcept
{
    return limits_.max_lifetime().count() > 0 && clock::now() - made > limits_.max_lifetime();
}

bool connection_pool::is_usable(client_connection& c, bool check) const noexcept
{
    const auto age = clock::now() - c.idle_since;
    if (age > limits_.idle_timeout() || is_too_old(c.made)) return false;
    return (!check && age < trusted_for) || !c.stream.readable_now();
}

// A part of a connection of HTTP/2. False: there is none, and another connection may be made.
bool connection_pool::take_shared(slot& from, bool check, lease& into)
{
    if (!from.shared) return false;
    http2_connection& c = *from.shared;
    const auto now = clock::now();
    bool usable = c.may_open() && !is_too_old(c.made());
    if (usable && from.streams == 0) {
        const auto age = now - from.shared_since;
        usable =
            age <= limits_.idle_timeout() && ((!check && age < trusted_for) || !c.readable_now());
    }
    if (!usable) {
        retire_shared(from);
        return false;
    }
    if (from.streams >= c.allowed_streams()) return true;
    ++from.streams;
    from.shared_since = now;
    into.shared_ = from.shared;
    into.slot_ = &from;
    into.pool_ = shared_from_this();
    into.reused_ = true;
    return true;
}

connection_pool::lease connection_pool::take(slot& from, bool check)
{
    lease taken;
    if (take_shared(from, check, taken)) return taken;
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
    if (for_whom.may_be_http2 && !for_whom.knows_protocol && for_whom.active > 0) return false;
    if (total_ < limits_.total()) return true;
    slot* oldest = nullptr;
    const auto since = [](const slot& s) {
        return s.idle.empty() ? s.shared_since : s.idle.front()->idle_since;
    };
    for (const auto& [key, s] : slots_) {
        const bool has_idle = !s->idle.empty() || (s->shared && s->streams == 0);
        if (has_idle && (oldest == nullptr || since(*s) < since(*oldest))) oldest = s.get();
    }
    if (oldest == nullptr) return false;
    if (oldest->idle.empty()) {
        retire_shared(*oldest);
    } else {
        oldest->idle.erase(oldest->idle.begin());
        --total_;
    }
    return true;
}

connection_pool::lease connection_pool::try_acquire(const route& to, bool check)
{
    slot& s = slot_of(to);
    if (!s.line.empty()) return {};
    return take(s, check);
}

awaitable<connection_pool::lease> connection_pool::acquire(route to, bool check,
                                                           std::chrono::nanoseconds limit)
{
    lease at_once = try_acquire(to, check);
    if (at_once) co_return at_once;
    const auto self = shared_from_this();
    waiting place(check);
    slot_of(to).line.push_back(place);
    ++in_line_;
    auto turn = ferry::timeout(limit, place.park(), "a free connection to " + text_of(to));
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

// The lease that made the connection becomes the first of those that share it.
void connection_pool::share(slot& by, std::shared_ptr<http2_connection> connection)
{
    --by.active;
    ++by.streams;
    by.knows_protocol = true;
    if (by.shared || closed_) {  // it goes with its only lease
        --total_;
        return;
    }
    by.shared = std::move(connection);
    by.shared->set_owner(by);
    by.shared_since = clock::now();
    serve_shared(by);
}

void connection_pool::retire_shared(slot& s) noexcept
{
    if (!s.shared) return;
    std::exchange(s.shared, nullptr)->retire();
    --total_;
}

// A connection of HTTP/2 allows more streams than before, or no more at all.
void connection_pool::serve_shared(slot& s) noexcept
{
    if (s.shared && !s.shared->may_open()) retire_shared(s);
    while (serve_one(s)) {
    }
    if (!s.shared) serve_line(s);
    forget_if_unused(s);
}

void connection_pool::give_back(slot& to, std::unique_ptr<client_connection> connection) noexcept
{
    --to.active;
    if (connection && !closed_ && !is_too_old(connection->made)) {
        connection->idle_since = clock::now();
        to.idle.push_back(std::move(connection));
        if (to.idle.size() > limits_.idle_per_host()) {
            to.idle.erase(to.idle.begin());
            --total_;
        }
        if (!sweeper_.running()) sweeper_.start_after(limits_.idle_timeout());
    } else {
        connection.reset();
        --total_;
    }
    if (in_line_ > 0) serve_line(to);
    forget_if_unused(to);
}

void connection_pool::give_back_stream(slot& to) noexcept
{
    --to.streams;
    to.shared_since = clock::now();
    if (to.shared && to.streams == 0) {
        if (closed_) {
            retire_shared(to);
        } else if (!sweeper_.running()) {
            sweeper_.start_after(limits_.idle_timeout());
        }
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
        const bool idles = s.shared && s.streams == 0;
        if (idles && now - s.shared_since >= limits_.idle_timeout()) retire_shared(s);
        more = more || !s.idle.empty() || s.shared;
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
        retire_shared(*s);
    }
}

std::size_t connection_pool::idle() const noexcept
{
    std::size_t n = 0;
    for (const auto& [key, s] : slots_) {
        n += s->idle.size() + (s->shared && s->streams == 0 ? 1U : 0U);
    }
    return n;
}

}  // namespace ferry::http::detail

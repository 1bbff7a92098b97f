#include "ferry/http/detail/session_core.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/content_decoder.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <atomic>
#include <utility>
#include <vector>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

// Trivial, so that it can still be asked while the thread's other objects are being destroyed.
thread_local bool registry_is_gone = false;

// The pools of one thread. Made after the thread's loop, so that it is destroyed before it.
class pool_registry {
public:
    pool_registry() { static_cast<void>(loop::current()); }
    ~pool_registry() { registry_is_gone = true; }
    pool_registry(const pool_registry&) = delete;
    pool_registry& operator=(const pool_registry&) = delete;

    static pool_registry& here()
    {
        thread_local pool_registry registry;
        return registry;
    }

    std::shared_ptr<connection_pool> find(std::uint64_t id) const
    {
        for (const entry& e : entries_) {
            if (e.id == id) return e.pool;
        }
        return nullptr;
    }

    std::shared_ptr<connection_pool> add(std::uint64_t id, std::shared_ptr<const void> alive,
                                         const limits& with)
    {
        // Sessions that ended on other threads leave their pools here until now.
        std::erase_if(entries_, [](const entry& e) { return e.session.expired(); });
        auto pool = std::make_shared<connection_pool>(with);
        entries_.push_back({id, alive, pool});
        return pool;
    }

    void remove(std::uint64_t id)
    {
        std::erase_if(entries_, [&](const entry& e) {
            if (e.id == id) e.pool->close();
            return e.id == id;
        });
    }

private:
    struct entry {
        std::uint64_t id;
        std::weak_ptr<const void> session;
        std::shared_ptr<connection_pool> pool;
    };

    std::vector<entry> entries_;
};

// The last URLs that this thread's requests named: programs ask for the same ones again and again.
class url_memory {
public:
    static url_memory& here()
    {
        thread_local url_memory memory;
        return memory;
    }

    std::shared_ptr<const url>& place(std::uint64_t session, std::string_view text, bool& known)
    {
        entry& e = entries_[std::hash<std::string_view>()(text) % entries_.size()];
        known = e.session == session && e.text == text;
        e.session = session;
        if (!known) e.text = text;
        return e.parsed;
    }

private:
    struct entry {
        std::uint64_t session = 0;
        std::string text;
        std::shared_ptr<const url> parsed;
    };

    std::array<entry, 64> entries_;
};

timeout_option::duration first_of(std::optional<timeout_option::duration> request,
                                  std::optional<timeout_option::duration> session,
                                  timeout_option::duration otherwise) noexcept
{
    return request.value_or(session.value_or(otherwise));
}

// `http:///x`, of which the URL Standard makes the host x.
bool has_no_host(std::string_view text) noexcept
{
    const std::string_view scheme = text.substr(0, text.find(':'));
    return (same(scheme, "http") || same(scheme, "https")) &&
           text.substr(scheme.size()).starts_with(":///");
}

std::shared_ptr<const url> parse_url(std::string_view text, const std::optional<url>& base)
{
    if (has_no_host(text)) throw error(errc::bad_url, "bad URL: host is empty");
    std::optional<url> parsed;
    try {
        parsed = base ? base->resolve(text) : url::parse(text);
    } catch (const parse_error& e) {
        throw error(errc::bad_url, e.what());
    }
    if (parsed->scheme() != "http" && parsed->scheme() != "https") {
        throw error(errc::bad_url, fmt::format("URL {}: the scheme is neither http nor https",
                                               parsed->redacted()));
    }
    const std::string_view host = parsed->hostname();
    if (host.starts_with('.') || host.starts_with('*') || host.find("..") != host.npos) {
        throw error(errc::bad_url,
                    fmt::format("URL {}: the host has an empty label, or is a pattern",
                                parsed->redacted()));
    }
    return std::make_shared<const url>(std::move(*parsed));
}

std::uint64_t next_id() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

time_limits::time_limits(const timeout_option& request, const timeout_option& session) noexcept
    : connect(first_of(request.connect(), session.connect(), 10s)),
      tls(first_of(request.tls(), session.tls(), 10s)),
      pool(first_of(request.pool(), session.pool(), 10s)),
      read(first_of(request.read(), session.read(), 30s)),
      write(first_of(request.write(), session.write(), 30s)),
      total(request.total() ? request.total() : session.total())
{
}

session_core::session_core(session_options options)
    : options_(std::move(options)),
      dialer_(options_),
      governor_(options_.rate_limit, options_.breaker),
      id_(next_id())
{
    const request_options& defaults = options_.defaults;
    own_defaults_ = headers("User-Agent", "ferry/0.1", "Accept-Encoding", content_decoder::accepted,
                            "Accept", "*/*");
    for (const std::string& name : defaults.without) own_defaults_.erase(name);
    each_default([&](std::string_view name, std::string_view value) {
        default_fields_.append(name).append(": ").append(value).append("\r\n");
    });
}

session_core::~session_core()
{
    close_here();
}

std::shared_ptr<connection_pool> session_core::pool_here()
{
    pool_registry& registry = pool_registry::here();
    if (auto pool = registry.find(id_)) return pool;
    return registry.add(id_, alive_, options_.limits);
}

void session_core::close_here() noexcept
{
    if (!registry_is_gone) pool_registry::here().remove(id_);
}

std::shared_ptr<const url> session_core::parse(std::string_view text) const
{
    bool known = false;
    auto& place = url_memory::here().place(id_, text, known);
    if (known && place) return place;
    place.reset();
    place = parse_url(text, options_.base);
    return place;
}

const netrc* session_core::user_netrc()
{
    if (!options_.trust_env) return nullptr;
    std::call_once(netrc_read_, [this] {
        auto read = netrc::of_user();
        if (!read.empty()) netrc_ = std::make_unique<const netrc>(std::move(read));
    });
    return netrc_.get();
}

awaitable<net::stream> session_core::connect(std::shared_ptr<const url> to, attempt_context with)
{
    auto via = dialer_.proxy_for(*to, nullptr);
    return dialer_.dial(destination(std::move(to), std::move(via), false).by_tunnel(), with);
}

bool session_core::begin_validation(const std::string& of)
{
    const std::lock_guard lock{validating_mutex_};
    return validating_.insert(of).second;
}

void session_core::end_validation(const std::string& of) noexcept
{
    const std::lock_guard lock{validating_mutex_};
    validating_.erase(of);
}

}  // namespace ferry::http::detail

#include "ferry/zmq/clone.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/clone_machine.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/socket.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ferry::zmq::clone {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds pause_before_the_next{100};

change with_ttl(std::string key, std::string body, std::chrono::seconds ttl)
{
    change c(std::move(key), std::move(body));
    if (ttl.count() > 0) c.properties.emplace("ttl", std::to_string(ttl.count()));
    return c;
}

}  // namespace

address::address(const std::string& first)
{
    const std::size_t colon = first.rfind(':');
    int port = 0;
    const char* const end = first.data() + first.size();
    const bool is_number =
        colon != first.npos && std::from_chars(first.data() + colon + 1, end, port).ptr == end;
    if (!is_number || port < 1 || port > 65533) {
        throw invalid_endpoint(errc::invalid_endpoint,
                               "clone: " + first + " has no port with two more behind it");
    }
    const std::string host = first.substr(0, colon + 1);
    snapshots = first;
    updates = host + std::to_string(port + 1);
    changes = host + std::to_string(port + 2);
}

// The server

class server::impl {
public:
    impl(const address& where, options with, const context& of)
        : every{with.heartbeat()}, at{where}, askers{of, router}, news{of, pub}, changes{of, pull}
    {
        for (socket* const s : {&askers, &news}) s->set(opt::linger, milliseconds{0});
        at.snapshots = askers.bind(where.snapshots);
        at.updates = news.bind(where.updates);
        at.changes = changes.bind(where.changes);
    }

    awaitable<void> publish(std::optional<multipart> m)
    {
        if (m) co_await news.send_multipart(std::move(*m));
    }

    static awaitable<void> set(std::shared_ptr<impl> self, change c)
    {
        auto publishing = self->publish(self->machine.apply(std::move(c), clock::now()));
        co_await std::move(publishing);
    }

    static awaitable<void> collect(std::shared_ptr<impl> self)
    {
        for (;;) {
            const multipart m = co_await self->changes.receive_multipart();
            auto publishing = self->publish(self->machine.collect(m, clock::now()));
            co_await std::move(publishing);
        }
    }

    static awaitable<void> answer(std::shared_ptr<impl> self)
    {
        for (;;) {
            const multipart m = co_await self->askers.receive_multipart();
            for (multipart& part : self->machine.snapshot(m)) {
                co_await self->askers.send_multipart(std::move(part));
            }
        }
    }

    static awaitable<void> beat(std::shared_ptr<impl> self)
    {
        for (;;) {
            co_await sleep(self->every);
            for (multipart& m : self->machine.tick(clock::now())) {
                co_await self->news.send_multipart(std::move(m));
            }
        }
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        auto all = gather(collect(self), answer(self), beat(self));
        co_await std::move(all);
    }

    milliseconds every;
    address at;
    detail::server_machine machine;
    socket askers;
    socket news;
    socket changes;
};

server::server(const address& at, options with, const context& of)
    : impl_{std::make_shared<impl>(at, std::move(with), of)}
{
}
server::server(server&&) noexcept = default;
server::~server() = default;

const address& server::at() const noexcept
{
    return impl_->at;
}

awaitable<void> server::set(std::string key, std::string body, std::chrono::seconds ttl)
{
    return impl::set(impl_, with_ttl(std::move(key), std::move(body), ttl));
}

std::optional<std::string> server::find(std::string_view key) const
{
    const change* const c = impl_->machine.find(key);
    return c == nullptr ? std::nullopt : std::optional(c->body);
}

std::size_t server::size() const noexcept
{
    return impl_->machine.size();
}

awaitable<void> server::run()
{
    return impl::run(impl_);
}

// The client

class client::impl {
public:
    impl(std::vector<address> all, options o, const context& c)
        : servers{std::move(all)}, with{std::move(o)}, of{c}, machine{with.subtree()}
    {
        if (servers.empty()) throw invalid_endpoint(errc::invalid_endpoint, "clone: no server");
    }

    // What connects to one server.
    struct link {
        link(const address& to, const options& with, const context& of)
            : snapshots{of, dealer}, updates{of, sub}, changes{of, push}
        {
            for (socket* const s : {&snapshots, &updates, &changes}) {
                s->set(opt::linger, milliseconds{0});
            }
            // First, so that no change falls between the snapshot and it.
            updates.subscribe(with.subtree());
            if (!with.subtree().empty()) updates.subscribe(detail::alive);
            updates.connect(to.updates);
            snapshots.connect(to.snapshots);
            changes.connect(to.changes);
        }
        socket snapshots;
        socket updates;
        socket changes;
    };

    void tell(const std::optional<change>& c)
    {
        if (c && on_change) on_change(*c);
    }

    // The copy of one server's map, as long as that is heard of.
    static awaitable<void> follow(std::shared_ptr<impl> self, std::shared_ptr<link> over)
    {
        const milliseconds patience = self->with.expiry();
        for (socket* const s : {&over->snapshots, &over->updates}) {
            s->set(opt::rcvtimeo, patience);
            s->set(opt::sndtimeo, patience);
        }
        co_await over->snapshots.send_multipart(self->machine.begin());
        while (!self->machine.synced()) {
            const multipart m = co_await over->snapshots.receive_multipart();
            self->tell(self->machine.snapshot(m));
        }
        self->whole.set();
        for (;;) {
            const multipart m = co_await over->updates.receive_multipart();
            self->tell(self->machine.update(m));
        }
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        for (std::size_t i = 0;; i = (i + 1) % self->servers.size()) {
            const auto over = std::make_shared<link>(self->servers[i], self->with, self->of);
            self->now = over;
            self->connected.set();
            try {
                auto following = follow(self, over);
                co_await std::move(following);
            } catch (const timeout_error&) {
                self->whole.clear();
            } catch (const protocol_error&) {
                self->whole.clear();
            }
            co_await sleep(pause_before_the_next);
        }
    }

    static awaitable<void> set(std::shared_ptr<impl> self, change c)
    {
        while (!self->now) co_await self->connected.wait();
        const auto over = self->now;
        co_await over->changes.send_multipart(encode(c));
    }

    static awaitable<void> synced(std::shared_ptr<impl> self) { co_await self->whole.wait(); }

    std::vector<address> servers;
    options with;
    context of;
    detail::client_machine machine;
    std::shared_ptr<link> now;
    event connected;
    event whole;
    std::function<void(const change&)> on_change;
};

client::client(std::vector<address> servers, options with, const context& of)
    : impl_{std::make_shared<impl>(std::move(servers), std::move(with), of)}
{
}
client::client(client&&) noexcept = default;
client::~client() = default;

awaitable<void> client::run()
{
    return impl::run(impl_);
}

awaitable<void> client::synced()
{
    return impl::synced(impl_);
}

std::optional<std::string> client::find(std::string_view key) const
{
    const change* const c = impl_->machine.find(key);
    return c == nullptr ? std::nullopt : std::optional(c->body);
}

std::size_t client::size() const noexcept
{
    return impl_->machine.size();
}

awaitable<void> client::set(std::string key, std::string body, std::chrono::seconds ttl)
{
    return impl::set(impl_, with_ttl(std::move(key), std::move(body), ttl));
}

void client::on_change(std::function<void(const change&)> f)
{
    impl_->on_change = std::move(f);
}

}  // namespace ferry::zmq::clone

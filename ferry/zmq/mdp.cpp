#include "ferry/zmq/mdp.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/mdp_machine.hpp"

#include <iterator>
#include <utility>

namespace ferry::zmq::mdp {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause_before_reconnecting{100};

/// The frames of `m` from `first` on.
multipart tail(multipart& m, std::size_t first)
{
    multipart rest;
    std::move(m.begin() + static_cast<std::ptrdiff_t>(first), m.end(), std::back_inserter(rest));
    return rest;
}

multipart with_head(multipart head, multipart& body)
{
    std::move(body.begin(), body.end(), std::back_inserter(head));
    return head;
}

awaitable<void> side_by_side(awaitable<void> a, awaitable<void> b)
{
    auto both = gather(std::move(a), std::move(b));
    co_await std::move(both);
}

}  // namespace

// The broker

class broker::impl {
public:
    impl(options with, const context& of)
        : every{with.heartbeat()}, machine{with}, peers{of, router}
    {
    }

    static awaitable<void> listen(std::shared_ptr<impl> self)
    {
        for (;;) {
            multipart m = co_await self->peers.receive_multipart();
            auto sending = send_all(self, self->machine.receive(std::move(m), clock::now()));
            co_await std::move(sending);
        }
    }

    static awaitable<void> beat(std::shared_ptr<impl> self)
    {
        for (;;) {
            co_await sleep(self->every);
            auto sending = send_all(self, self->machine.tick(clock::now()));
            co_await std::move(sending);
        }
    }

    static awaitable<void> send_all(std::shared_ptr<impl> self, std::vector<multipart> all)
    {
        for (multipart& m : all) co_await self->peers.send_multipart(std::move(m));
    }

    std::chrono::milliseconds every;
    detail::broker_machine machine;
    socket peers;
};

broker::broker(options with, const context& of) : impl_{std::make_shared<impl>(std::move(with), of)}
{
}

broker::broker(broker&&) noexcept = default;
broker::~broker() = default;

std::string broker::bind(const std::string& endpoint)
{
    return impl_->peers.bind(endpoint);
}

awaitable<void> broker::run()
{
    return side_by_side(impl::listen(impl_), impl::beat(impl_));
}

// The client

client::client(std::string broker, options with, const context& of)
    : broker_{std::move(broker)}, with_{std::move(with)}, of_{of}, socket_{of, dealer}
{
    reconnect();
}

void client::reconnect()
{
    socket_ = socket(of_, dealer);
    socket_.set(opt::linger, std::chrono::milliseconds{0});
    socket_.set(opt::rcvtimeo, with_.timeout());
    socket_.set(opt::sndtimeo, with_.timeout());
    socket_.connect(broker_);
}

awaitable<void> client::send(std::string service, multipart body)
{
    return socket_.send_multipart(
        with_head(parts("", detail::client_protocol, std::move(service)), body));
}

awaitable<std::pair<std::string, multipart>> client::receive()
{
    for (;;) {
        multipart m = co_await socket_.receive_multipart();
        if (m.size() < 3 || m[1] != detail::client_protocol) continue;
        std::string service = m[2].to_string();
        co_return std::make_pair(std::move(service), tail(m, 3));
    }
}

awaitable<multipart> client::request(std::string service, multipart body)
{
    return request(this, std::move(service), std::move(body));
}

awaitable<multipart> client::request(client* self, std::string service, multipart body)
{
    for (int i = 0; i <= self->with_.retries(); ++i) {
        try {
            co_await self->send(service, copy(body));
            for (;;) {
                auto receiving = self->receive();
                auto answer = co_await std::move(receiving);
                if (answer.first == service) co_return std::move(answer.second);
            }
        } catch (const timeout_error&) {
            self->reconnect();
        }
    }
    throw error(errc::no_answer, self->broker_ + ": no answer of the service " + service);
}

// The worker

worker::worker(std::string broker, std::string service, options with, const context& of)
    : broker_{std::move(broker)}, service_{std::move(service)}, with_{std::move(with)}, of_{of}
{
}

/// One connection of a worker, until the broker is silent or ends it.
class worker::session {
public:
    session(const worker& w, const handler& h)
        : with_{w.with_}, service_{w.service_}, answer_{h}, broker_{w.of_, dealer}
    {
        broker_.set(opt::linger, std::chrono::milliseconds{0});
        broker_.connect(w.broker_);
    }

    static awaitable<void> run(std::shared_ptr<session> self)
    {
        co_await self->broker_.send_multipart(
            parts("", detail::worker_protocol, detail::ready, self->service_));
        self->heard_ = clock::now();
        task_group both;
        both.spawn(work(self, &both));
        both.spawn(beat(self, &both));
        co_await both.join();
    }

private:
    static awaitable<void> work(std::shared_ptr<session> self, task_group* all)
    {
        for (;;) {
            multipart m = co_await self->broker_.receive_multipart();
            self->heard_ = clock::now();
            if (m.size() < 3 || m[1] != detail::worker_protocol) continue;
            if (m[2] == detail::disconnect) break;
            if (m[2] != detail::request || m.size() < 5) continue;
            multipart head =
                parts("", detail::worker_protocol, detail::reply, m[3].to_string(), "");
            auto answering = self->answer_(tail(m, 5));
            multipart body = co_await std::move(answering);
            co_await self->broker_.send_multipart(with_head(std::move(head), body));
        }
        all->cancel();
    }

    static awaitable<void> beat(std::shared_ptr<session> self, task_group* all)
    {
        for (;;) {
            co_await sleep(self->with_.heartbeat());
            if (clock::now() - self->heard_ > self->with_.expiry()) break;
            co_await self->broker_.send_multipart(
                parts("", detail::worker_protocol, detail::heartbeat));
        }
        all->cancel();
    }

    options with_;
    std::string service_;
    handler answer_;
    socket broker_;
    clock::time_point heard_;
};

awaitable<void> worker::run(handler answer)
{
    // Each session has a connection of its own, as the broker knows a worker by that.
    auto again = [](worker self, handler h) -> awaitable<void> {
        for (;;) {
            const auto one = std::make_shared<session>(self, h);
            auto running = session::run(one);
            co_await std::move(running);
            co_await sleep(pause_before_reconnecting);
        }
    };
    return again(*this, std::move(answer));
}

}  // namespace ferry::zmq::mdp

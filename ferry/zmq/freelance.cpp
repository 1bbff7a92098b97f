#include "ferry/zmq/freelance.hpp"

#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/freelance_machine.hpp"
#include "ferry/zmq/error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::zmq::freelance {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Rounded up, so that who waits so long does not come too early.
milliseconds until(clock::time_point when, clock::time_point now)
{
    return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(when - now));
}

}  // namespace

class client::impl {
public:
    impl(options with, const context& of)
        : limit{with.timeout()}, machine{std::move(with)}, servers{of, router}
    {
        servers.set(opt::linger, milliseconds{0});
    }

    static awaitable<multipart> request(std::shared_ptr<impl> self, multipart body)
    {
        const auto end = clock::now() + self->limit;
        self->machine.begin(std::move(body), clock::now());
        for (;;) {
            const auto now = clock::now();
            if (now >= end) break;
            // To who is not there yet it is dropped; the next ping comes.
            for (multipart& m : self->machine.due(now)) {
                static_cast<void>(self->servers.try_send_multipart(m));
            }
            const auto pause = until(std::min(end, self->machine.next()), now);
            const poll_events ready = co_await self->servers.wait(pollin, pause);
            if (ready == 0) continue;
            while (auto m = self->servers.try_receive_multipart()) {
                auto answer = self->machine.receive(std::move(*m), clock::now());
                if (answer) co_return std::move(*answer);
            }
        }
        throw error(errc::no_answer,
                    "freelance: none of " + std::to_string(self->machine.servers().size()) +
                        " servers answered in " + std::to_string(self->limit.count()) + " ms");
    }

    milliseconds limit;
    detail::client_machine machine;
    socket servers;
};

client::client(options with, const context& of) : impl_{std::make_shared<impl>(std::move(with), of)}
{
}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

void client::connect(const std::string& server)
{
    impl_->servers.connect(server);
    impl_->machine.add(server, clock::now());
}

awaitable<multipart> client::request(multipart body)
{
    return impl::request(impl_, std::move(body));
}

std::vector<std::pair<std::string, bool>> client::servers() const
{
    return impl_->machine.servers();
}

server::server(const std::string& endpoint, std::string name, const context& of)
    : clients_{of, router}
{
    if (name.empty()) name = endpoint;
    if (name.find('*') != name.npos) {
        throw invalid_endpoint(errc::invalid_endpoint, "freelance: clients cannot connect to " +
                                                           name + ": name the server");
    }
    clients_.set(opt::routing_id, name);
    clients_.bind(endpoint);
}

awaitable<void> server::run(handler answer)
{
    return run(this, std::move(answer));
}

awaitable<void> server::run(server* self, handler answer)
{
    for (;;) {
        multipart m = co_await self->clients_.receive_multipart();
        if (m.size() < 2) continue;
        if (m[1] == detail::ping) {
            m[1] = message(detail::pong);
            co_await self->clients_.send_multipart(std::move(m));
            continue;
        }
        multipart body;
        std::move(m.begin() + 2, m.end(), std::back_inserter(body));
        auto answering = answer(std::move(body));
        multipart reply = co_await std::move(answering);
        multipart all = parts(std::move(m[0]), std::move(m[1]));
        std::ranges::move(reply, std::back_inserter(all));
        co_await self->clients_.send_multipart(std::move(all));
    }
}

}  // namespace ferry::zmq::freelance

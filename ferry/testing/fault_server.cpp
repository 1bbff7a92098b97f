#include "ferry/testing/fault_server.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/net/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

namespace ferry::testing {

script& script::receive_until(std::string text)
{
    steps_.push_back({action::receive_until, std::move(text), 0});
    return *this;
}

script& script::receive(std::size_t bytes)
{
    steps_.push_back({action::receive, {}, bytes});
    return *this;
}

script& script::send(std::string bytes)
{
    steps_.push_back({action::send, std::move(bytes), 0});
    return *this;
}

script& script::send_in_pieces(std::string bytes, std::size_t piece)
{
    steps_.push_back({action::pieces, std::move(bytes), std::max<std::size_t>(piece, 1)});
    return *this;
}

script& script::drip(std::string bytes, std::chrono::milliseconds pause)
{
    steps_.push_back({action::drip, std::move(bytes), 0, pause});
    return *this;
}

script& script::close()
{
    steps_.push_back({action::close, {}, 0});
    return *this;
}

script& script::reset()
{
    steps_.push_back({action::reset, {}, 0});
    return *this;
}

script& script::stay_silent()
{
    steps_.push_back({action::silent, {}, 0});
    return *this;
}

awaitable<void> play(script what, net::stream peer, std::string* heard)
{
    std::string own;
    std::string& in = heard != nullptr ? *heard : own;
    std::size_t seen = 0;
    std::array<std::byte, 4096> chunk;
    for (auto& step : what.steps_) {
        switch (step.what) {
            case script::action::receive_until:
            case script::action::receive:
                for (;;) {
                    if (step.what == script::action::receive) {
                        if (in.size() - seen >= step.count) {
                            seen += step.count;
                            break;
                        }
                    } else if (const auto at = in.find(step.text, seen); at != in.npos) {
                        seen = at + step.text.size();
                        break;
                    }
                    const std::size_t count = co_await peer.read_some(chunk);
                    if (count == 0) co_return;
                    in += as_text(std::span(chunk).first(count));
                }
                break;
            case script::action::send: co_await peer.write(step.text); break;
            case script::action::pieces:
                for (std::size_t at = 0; at < step.text.size(); at += step.count) {
                    std::string piece = step.text.substr(at, step.count);
                    co_await peer.write(std::move(piece));
                    co_await yield_now();
                }
                break;
            case script::action::drip:
                for (;;) {
                    co_await peer.write(step.text);
                    co_await sleep(step.pause);
                }
            case script::action::close: co_await peer.close(); co_return;
            case script::action::reset: {
                const linger at_once{1, 0};
                ::setsockopt(peer.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
                peer.abort();
                co_return;
            }
            case script::action::silent:
                for (;;) {
                    const std::size_t count = co_await peer.read_some(chunk);
                    if (count == 0) co_return;
                    in += as_text(std::span(chunk).first(count));
                }
        }
    }
}

struct fault_server::state {
    explicit state(std::vector<script> s) : scripts{std::move(s)} {}

    net::listener listening{net::tcp("127.0.0.1", 0)};
    std::uint16_t port = listening.port();
    std::vector<script> scripts;
    std::deque<std::string> heard;  // a deque, because the connections keep pointers

    static awaitable<void> handle(std::shared_ptr<state> self, net::stream peer)
    {
        const std::size_t number = self->heard.size();
        std::string& in = self->heard.emplace_back();
        script what = self->scripts[std::min(number, self->scripts.size() - 1)];
        auto played = play(std::move(what), std::move(peer), &in);
        co_await std::move(played);
    }

    static awaitable<void> serve(std::shared_ptr<state> self)
    {
        net::connection_handler handler = [self](net::stream peer) {
            return handle(self, std::move(peer));
        };
        auto serving = net::serve(std::move(self->listening), std::move(handler));
        co_await std::move(serving);
    }
};

fault_server::fault_server(std::vector<script> scripts)
    : state_{std::make_shared<state>(std::move(scripts))},
      serving_{spawn(state::serve(state_), "fault_server")}
{
}

fault_server::fault_server(script all) : fault_server(std::vector<script>{std::move(all)}) {}

fault_server::~fault_server()
{
    serving_.cancel();
}

std::uint16_t fault_server::port() const noexcept
{
    return state_->port;
}

net::endpoint fault_server::endpoint() const
{
    return net::tcp("127.0.0.1", port());
}

std::size_t fault_server::connections() const noexcept
{
    return state_->heard.size();
}

const std::string& fault_server::received(std::size_t number) const
{
    return state_->heard.at(number);
}

}  // namespace ferry::testing

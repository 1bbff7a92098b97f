#include "ferry/zmq/proxy.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/error.hpp"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace ferry::zmq {
namespace {

constexpr int longest_batch = 64;

bool can_receive(socket_type t)
{
    return t != socket_type::push && t != socket_type::pub;
}

bool can_send(socket_type t)
{
    return t != socket_type::pull && t != socket_type::sub;
}

traffic size_of(const multipart& all)
{
    traffic t;
    t.messages = 1;
    for (const message& m : all) t.bytes += m.size();
    return t;
}

void count(traffic& to, const traffic& one)
{
    to.messages += one.messages;
    to.bytes += one.bytes;
}

message number_frame(std::uint64_t n)
{
    std::array<std::byte, sizeof(n)> data;
    std::memcpy(data.data(), &n, sizeof(n));
    return message(std::span<const std::byte>(data));
}

multipart report(const proxy_statistics& s)
{
    multipart all;
    for (const traffic& t : {s.front_in, s.front_out, s.back_in, s.back_out}) {
        all.push_back(number_frame(t.messages));
        all.push_back(number_frame(t.bytes));
    }
    return all;
}

}  // namespace

/// One running proxy; lives in the coroutine that awaits it.
class proxy_run {
public:
    proxy_run(socket& front, socket& back, proxy_options with)
        : with_{std::move(with)}, statistics_{with_.statistics_ ? *with_.statistics_ : own_}
    {
        running_.set();
        exchange_ids_ = with_.monitored_ && front.type() == router && back.type() == router;
        const way there{front, back, statistics_.front_in, statistics_.back_out,
                        with_.prefixes_.first};
        const way back_again{back, front, statistics_.back_in, statistics_.front_out,
                             with_.prefixes_.second};
        if (can_receive(front.type()) && can_send(back.type())) work_.start(pump(this, there));
        if (can_receive(back.type()) && can_send(front.type())) {
            work_.start(pump(this, back_again));
        }
        if (with_.control_ != nullptr) work_.start(obey(this, with_.control_));
    }
    proxy_run(const proxy_run&) = delete;
    proxy_run& operator=(const proxy_run&) = delete;

    awaitable<void> join()
    {
        try {
            co_await work_.join();
        } catch (const cancelled&) {
            if (!terminated_ || work_.cancelled_from_outside()) throw;
        }
    }

private:
    /// One direction.
    struct way {
        socket& from;
        socket& to;
        traffic& in;
        traffic& out;
        const std::string& prefix;
    };

    // A scope starts its coroutines at once, and they end before it does.
    static awaitable<void> pump(proxy_run* self, way w)
    {
        for (;;) {
            co_await w.from.wait(pollin);
            co_await w.to.wait(pollout);
            co_await self->running_.wait();
            for (int i = 0; i < longest_batch && self->running_.is_set(); ++i) {
                auto taken = w.from.try_receive_multipart();
                if (!taken) break;
                auto passing = self->pass_on(*taken, w);
                co_await std::move(passing);
            }
        }
    }

    awaitable<void> pass_on(multipart& all, way w)
    {
        const traffic size = size_of(all);
        count(w.in, size);
        if (exchange_ids_ && all.size() > 1) std::swap(all[0], all[1]);
        if (with_.capture_ != nullptr) {
            multipart seen;
            if (!w.prefix.empty()) seen.emplace_back(w.prefix);
            for (const message& m : all) seen.push_back(m.copy());
            co_await with_.capture_->send_multipart(std::move(seen));
        }
        try {
            if (!w.to.try_send_multipart(all)) co_await w.to.send_multipart(std::move(all));
        } catch (const unroutable&) {
            co_return;  // as a ROUTER that is not mandatory
        }
        count(w.out, size);
    }

    static awaitable<void> obey(proxy_run* self, socket* control)
    {
        for (;;) {
            const multipart order = co_await control->receive_multipart();
            const std::string_view word = order[0].text();
            if (word == "PAUSE") self->running_.clear();
            if (word == "RESUME") self->running_.set();
            if (word == "TERMINATE") self->terminated_ = true;
            if (word == "STATISTICS") {
                co_await control->send_multipart(report(self->statistics_));
            } else if (control->type() == rep) {
                co_await control->send("");
            }
            if (self->terminated_) {
                self->work_.cancel();
                co_return;
            }
        }
    }

    proxy_options with_;
    proxy_statistics own_;
    proxy_statistics& statistics_;
    event running_;
    bool exchange_ids_ = false;
    bool terminated_ = false;
    scope work_;
};

namespace {

awaitable<void> run_proxy(socket* frontend, socket* backend, proxy_options with)
{
    proxy_run running(*frontend, *backend, std::move(with));
    co_await running.join();
}

}  // namespace

awaitable<void> proxy(socket& frontend, socket& backend, proxy_options with)
{
    return run_proxy(&frontend, &backend, std::move(with));
}

}  // namespace ferry::zmq

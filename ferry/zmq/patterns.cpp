#include "ferry/zmq/patterns.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/core/error.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace ferry::zmq {
namespace {

awaitable<std::optional<multipart>> try_once(std::string endpoint, multipart request,
                                             std::chrono::milliseconds limit)
{
    socket s(req);
    s.set(opt::linger, std::chrono::milliseconds{0});
    s.set(opt::sndtimeo, limit);
    s.set(opt::rcvtimeo, limit);
    s.connect(endpoint);
    try {
        co_await s.send_multipart(std::move(request));
        multipart answer = co_await s.receive_multipart();
        co_return answer;
    } catch (const timeout_error&) {
        co_return std::nullopt;
    }
}

std::chrono::milliseconds time_now()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
}

awaitable<void> side_by_side(awaitable<void> a, awaitable<void> b)
{
    auto both = gather(std::move(a), std::move(b));
    co_await std::move(both);
}

}  // namespace

awaitable<multipart> reliable_request(std::string endpoint, multipart request,
                                      reliable_options with)
{
    for (int i = 0; i <= with.retries(); ++i) {
        auto trying = try_once(endpoint, copy(request), with.timeout());
        std::optional<multipart> answer = co_await std::move(trying);
        if (answer) co_return std::move(*answer);
    }
    throw error(errc::no_answer, endpoint + ": no answer in " + std::to_string(1 + with.retries()) +
                                     " attempts of " + std::to_string(with.timeout().count()) +
                                     " ms");
}

void forgive(socket& s)
{
    s.set(opt::req_relaxed, true);
    s.set(opt::req_correlate, true);
}

last_value_cache::last_value_cache(const std::string& publishers, const std::string& subscribers,
                                   const context& of)
    : in_{of, sub}, out_{of, xpub}
{
    in_.subscribe("");
    out_.set(opt::xpub_verbose, true);
    publishers_ = in_.bind(publishers);
    subscribers_ = out_.bind(subscribers);
}

awaitable<void> last_value_cache::run()
{
    return side_by_side(take(), greet());
}

awaitable<void> last_value_cache::take()
{
    for (;;) {
        multipart news = co_await in_.receive_multipart();
        std::string topic = news[0].to_string();
        if (last_.size() >= max_topics && !last_.contains(topic)) last_.erase(last_.begin());
        last_.insert_or_assign(std::move(topic), copy(news));
        co_await out_.send_multipart(std::move(news));
    }
}

awaitable<void> last_value_cache::greet()
{
    for (;;) {
        const multipart order = co_await out_.receive_multipart();
        const std::string_view text = order[0].text();
        if (!text.starts_with('\x01')) continue;
        const auto known = last_.find(std::string(text.substr(1)));
        if (known != last_.end()) co_await out_.send_multipart(copy(known->second));
    }
}

counting_publisher::counting_publisher(socket to) : to_{std::move(to)}
{
    to_.set(opt::xpub_nodrop, true);
}

void counting_publisher::send(multipart all)
{
    if (!to_.try_send_multipart(all)) {
        to_.set(opt::xpub_nodrop, false);
        to_.try_send_multipart(all);
        to_.set(opt::xpub_nodrop, true);
        ++overflows_;
    }
    ++sent_;
}

multipart stamped(multipart m)
{
    m.emplace_back(std::to_string(time_now().count()));
    return m;
}

awaitable<multipart> punctual_subscriber::next(punctual_subscriber* self)
{
    multipart m = co_await self->from_.receive_multipart();
    const std::string_view text = m.back().text();
    std::int64_t published = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), published);
    if (failure != std::errc() || end != text.data() + text.size() || published < 0) {
        throw protocol_error(errc::bad_message, "punctual_subscriber: the last frame is no time");
    }
    const auto lag = time_now().count() - published;
    if (lag > self->max_lag_.count()) {
        throw error(errc::too_slow, "punctual_subscriber: " + std::to_string(lag) + " ms behind, " +
                                        std::to_string(self->max_lag_.count()) + " at most");
    }
    m.pop_back();
    co_return m;
}

}  // namespace ferry::zmq

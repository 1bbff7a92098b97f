#include "ferry/redis/detail/sentinel.hpp"

#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/redis/detail/connection.hpp"
#include "ferry/redis/error.hpp"
#include "ferry/redis/subscriber.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace ferry::redis::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto pause = 5s;  ///< before a sentinel that cannot be reached is tried again

options at_sentinel(const options& with, const net::endpoint& sentinel)
{
    options at;
    at.host(sentinel.host(), sentinel.port());
    at.login(with.sentinel_user(), with.sentinel_password());
    at.timeout(with.timeout()).connect_timeout(with.connect_timeout()).protocol(2);
    at.health_check_interval(with.health_check_interval());
    if (with.tls()) at.tls(*with.tls());
    return at;
}

awaitable<std::optional<net::endpoint>> ask(options with, net::endpoint sentinel)
{
    auto opening = connection::open(at_sentinel(with, sentinel), sentinel);
    const auto over = co_await std::move(opening);
    const command question("SENTINEL", "get-master-addr-by-name", with.service());
    auto asking = connection::send(over, &question, with.timeout());
    reply answer = co_await std::move(asking);
    over->close();
    if (answer.is_null()) co_return std::nullopt;
    auto [host, port] = std::move(answer).as<std::pair<std::string, std::uint16_t>>();
    co_return net::tcp(std::move(host), port);
}

std::optional<net::endpoint> read_address(std::string_view host, std::string_view port)
{
    std::uint16_t number = 0;
    const char* const end = port.data() + port.size();
    const auto [stop, failure] = std::from_chars(port.data(), end, number);
    if (host.empty() || failure != std::errc() || stop != end) return std::nullopt;
    return net::tcp(std::string(host), number);
}

}  // namespace

awaitable<net::endpoint> find_master(options with)
{
    std::string failures;
    for (const net::endpoint& sentinel : with.sentinels()) {
        try {
            auto asking = ask(with, sentinel);
            const auto found = co_await std::move(asking);
            if (found) co_return *found;
            failures += "; " + sentinel.text() + " does not know it";
        } catch (const error& e) {
            failures += "; ";
            failures += e.what();
        }
    }
    throw connection_error(ferry::errc::disconnected,
                           "no sentinel knows the master of " + with.service() + failures);
}

std::optional<master_change> read_master_change(std::string_view news, std::string_view service)
{
    std::array<std::string_view, 5> words;
    for (std::string_view& word : words) {
        word = news.substr(0, news.find(' '));
        news.remove_prefix(std::min(word.size() + 1, news.size()));
    }
    if (words[0] != service || !news.empty()) return std::nullopt;
    auto from = read_address(words[1], words[2]);
    auto to = read_address(words[3], words[4]);
    if (!from || !to) return std::nullopt;
    return master_change{std::move(*from), std::move(*to)};
}

class master_watch::one {
public:
    one(options at, std::string service, std::function<void(const master_change&)> tell)
        : news_{client(std::move(at))}, service_{std::move(service)}, tell_{std::move(tell)}
    {
    }

    static awaitable<void> listen(std::shared_ptr<one> self)
    {
        auto subscribing = subscribe(self);
        const bool subscribed = co_await std::move(subscribing);
        if (!subscribed) co_return;
        for (;;) {
            auto next = self->news_.next();
            const auto news = co_await std::move(next);
            if (!news) co_return;
            const auto change = read_master_change(news->data(), self->service_);
            if (change && !self->closed_) self->tell_(*change);
        }
    }

    void close() noexcept
    {
        closed_ = true;
        news_.close();
    }

private:
    static awaitable<bool> subscribe(std::shared_ptr<one> self)
    {
        while (!self->closed_) {
            try {
                const std::vector<std::string> channels{"+switch-master"};
                auto subscribing = self->news_.subscribe(channels);
                co_await std::move(subscribing);
                co_return true;
            } catch (const response_error& e) {
                log::warning("redis: a sentinel does not tell of fail-overs", "failure", e.what());
                co_return false;
            } catch (const error& e) {
                log::warning("redis: a sentinel cannot be reached", "failure", e.what());
            }
            auto waiting = sleep(pause);
            co_await std::move(waiting);
        }
        co_return false;
    }

    subscriber news_;
    std::string service_;
    std::function<void(const master_change&)> tell_;
    bool closed_ = false;
};

master_watch::master_watch(const options& with, std::function<void(const master_change&)> tell)
{
    for (const net::endpoint& sentinel : with.sentinels()) {
        all_.push_back(std::make_shared<one>(at_sentinel(with, sentinel), with.service(), tell));
        spawn(one::listen(all_.back()), "redis sentinel");
    }
}

master_watch::~master_watch()
{
    for (const auto& each : all_) each->close();
}

}  // namespace ferry::redis::detail

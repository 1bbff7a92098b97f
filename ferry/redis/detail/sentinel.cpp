#include "ferry/redis/detail/sentinel.hpp"

#include "ferry/redis/detail/connection.hpp"

#include <charconv>

namespace ferry::redis::detail {
namespace {

awaitable<std::optional<net::endpoint>> ask(options with, net::endpoint sentinel)
{
    options login;
    login.login(with.sentinel_user(), with.sentinel_password());
    login.connect_timeout(with.connect_timeout()).protocol(2);
    if (with.tls()) login.tls(*with.tls());
    auto opening = connection::open(std::move(login), std::move(sentinel));
    const auto over = co_await std::move(opening);
    const command question("SENTINEL", "get-master-addr-by-name", with.service());
    auto asking = connection::send(over, &question, with.timeout());
    reply answer = co_await std::move(asking);
    over->close();
    if (answer.is_null()) co_return std::nullopt;
    auto [host, port] = std::move(answer).as<std::pair<std::string, std::uint16_t>>();
    co_return net::tcp(std::move(host), port);
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

}  // namespace ferry::redis::detail

#include "ferry/async/task.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/stream.hpp"

#include "apps/ferry/output.hpp"
#include "apps/ferry/request_command.hpp"
#include <fmt/format.h>

#include <utility>

namespace ferry::command {
namespace {

awaitable<http::response> print_request(http::request& q)
{
    std::string text = fmt::format("{} {} HTTP/1.1\n", q.method, q.target);
    for (const auto [name, content] : q.headers) {
        text += std::string(name) + ": " + std::string(content) + '\n';
    }
    text += '\n';
    for (;;) {
        const buffer piece = co_await q.read();
        if (piece.empty()) break;
        text += piece.text();
    }
    write_output("-", text);
    co_return http::response(204);
}

awaitable<void> answer(net::stream over)
{
    http::server site(http::server_limits().body_bytes(max_input_bytes));
    site.use([](http::request& q, const http::next_handler&) { return print_request(q); });
    auto serving = site.serve_connection(std::move(over));
    co_await std::move(serving);
}

}  // namespace

// The request goes to a server in this process.
awaitable<int> print_offline(command_ptr with)
{
    http::session_options offline;
    http::connect_by([](url) -> awaitable<net::stream> {
        auto [client, server] = net::pair();
        spawn(answer(std::move(server)));
        co_return std::move(client);
    }).apply_to(offline);
    http::session session(offline);
    http::request_options options = with->request.make_options();
    http::no_proxy().apply_to(options);
    auto sending = session.request(with->request.method, with->request.url, options);
    co_await std::move(sending);
    co_return 0;
}

}  // namespace ferry::command

// A chat room: a server that hands every message to all who are there, and two clients.
#include "ferry/async/gather.hpp"
#include "ferry/async/queue.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <set>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [room]
// Each visitor has a box of messages to be sent to it, so that a slow one holds up nobody.
using mailbox = ferry::queue<std::string>;

awaitable<void> deliver(http::websocket* to, mailbox* from)
{
    for (;;) {
        const auto message = co_await from->next();
        if (!message) break;
        co_await to->send(*message);
    }
}

class room {
public:
    awaitable<void> enter(http::websocket* who)
    {
        mailbox mine(100);
        here_.insert(&mine);
        auto both = gather(listen(who, &mine), deliver(who, &mine));
        co_await std::move(both);
    }

private:
    awaitable<void> listen(http::websocket* to, mailbox* mine)
    {
        std::exception_ptr lost;
        try {
            for (;;) {
                const auto message = co_await to->receive();
                if (!message) break;
                for (mailbox* box : here_) box->put_nowait(std::string(message->text()));
            }
        } catch (...) {
            lost = std::current_exception();
        }
        here_.erase(mine);
        mine->close();
        if (lost) std::rethrow_exception(lost);
    }

    std::set<mailbox*> here_;
};

void add_room(http::server& site, room& chat)
{
    site.websocket("/chat",
                   [&chat](http::websocket& ws, http::request&) { return chat.enter(&ws); });
}
// [room]

// [client]
awaitable<void> say(std::string url, std::string name)
{
    http::websocket ws = co_await http::connect_websocket(url, http::timeout(5s));
    co_await ws.send(name + " is here");
    const auto heard = co_await ws.receive();
    if (heard) std::printf("%s hears: %s\n", name.c_str(), std::string(heard->text()).c_str());
    co_await ws.close();
}
// [client]

awaitable<void> chat_in_one_program()
{
    room chat;
    http::server site;
    add_room(site, chat);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string url = "ws://127.0.0.1:" + std::to_string(on.port()) + "/chat";
    auto serving = spawn(site.serve(std::move(on)));
    co_await say(url, "ada");
    co_await say(url, "grace");
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(chat_in_one_program());
}

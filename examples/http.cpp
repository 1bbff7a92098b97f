// A small service and its client in one program: routes, JSON to and from a struct, a file with
// ranges, cookies, errors, and a graceful stop.
#include "ferry/http/http.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/net/listener.hpp"

#include <boost/describe.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

struct order {
    int id = 0;
    std::string item;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, item, price))

// [server]
void add_routes(http::server& site, std::vector<order>& orders, const std::string& files)
{
    site.get("/orders/{id:int}", [&orders](http::request& q) -> awaitable<http::response> {
        for (const order& o : orders) {
            if (o.id == q.path<int>("id")) co_return http::json(o);
        }
        throw http::problem(http::status::not_found, "no order has this number");
    });
    site.post("/orders", [&orders](http::request& q) -> awaitable<http::response> {
        order made = q.json<order>();
        made.id = static_cast<int>(orders.size()) + 1;
        orders.push_back(made);
        co_return http::response(http::status::created, http::json(made))
            .with("Location", "/orders/" + std::to_string(made.id))
            .with("Set-Cookie", "last=" + std::to_string(made.id));
    });
    site.files("/files/", files);
}
// [server]

// [client]
awaitable<void> be_a_client(std::string base)
{
    http::session api(http::base_url(base), http::timeout(5s));

    order wanted;
    wanted.item = "pen";
    wanted.price = 1.5;
    const auto made = co_await api.post("/orders", http::json(wanted));
    made.raise_for_status();
    std::printf("made order %d\n", made.json<order>().id);

    const auto again = co_await api.get(std::string(made.headers["Location"]));
    std::printf("%s, with the cookie %s\n", again.text().c_str(),
                api.cookies().find("last")->value.c_str());

    const auto part = co_await api.get("/files/hello.txt", http::headers("Range", "bytes=0-4"));
    std::printf("%d: %s\n", part.status, part.text().c_str());

    const auto none = co_await api.get("/orders/7");
    try {
        none.raise_for_status();
    } catch (const http::status_error& e) {
        std::printf("%s\n", e.excerpt().c_str());
    }
}
// [client]

awaitable<void> be_both(std::string files)
{
    std::vector<order> orders;
    http::server site;
    add_routes(site, orders, files);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await be_a_client(base);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    const auto files = std::filesystem::temp_directory_path() / "ferry-example-http";
    std::filesystem::create_directories(files);
    std::ofstream(files / "hello.txt") << "hello, world";
    run(be_both(files));
    std::filesystem::remove_all(files);
}

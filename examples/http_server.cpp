// A small shop: routes in groups, middleware, JSON to and from a struct, a signed cookie, a form
// with a file, and a graceful stop. The program is its own client.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <boost/describe.hpp>

#include <chrono>
#include <cstdio>
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

// [routes]
void add_routes(http::server& site, std::vector<order>& orders, const http::cookie_signer& signer)
{
    site.use(http::request_ids()).use(http::security_headers()).use(http::compress_responses());
    site.health("/healthz");

    auto api = site.group("/api");
    api.use(http::limit_rate(100)).use(http::require_token("secret"));
    api.get("/orders/{id:int}", [&orders](http::request& q) -> awaitable<http::response> {
        for (const order& o : orders) {
            if (o.id == q.path<int>("id")) co_return http::json(o);
        }
        throw http::problem(http::status::not_found, "no order has this number");
    });
    api.post("/orders", [&orders](http::request& q) -> awaitable<http::response> {
        order made = q.json<order>();
        made.id = static_cast<int>(orders.size()) + 1;
        orders.push_back(made);
        co_return http::response(http::status::created, http::json(made));
    });

    site.get("/login", [&signer](http::request& q) -> awaitable<http::response> {
        const std::string user(q.query("user").value_or("nobody"));
        const auto cookie = http::set_cookie("user", signer.sign("user", user)).max_age(24h);
        co_return http::response(http::text("welcome")).with("Set-Cookie", cookie.text());
    });
    site.get("/whoami", [&signer](http::request& q) -> awaitable<http::response> {
        const auto user = signer.verify("user", q.cookie("user").value_or(""), 24h);
        if (!user) throw http::problem(http::status::unauthorized);
        co_return http::text(*user);
    });
    site.post(
        "/photos",
        [](http::request& q) -> awaitable<http::response> {
            const auto form = co_await http::receive_form(q);
            const auto* const photo = form.file("photo");
            if (photo == nullptr) throw http::problem(http::status::bad_request, "no photo");
            co_return http::text(photo->safe_filename() + ", " + std::to_string(photo->size()) +
                                 " bytes");
        },
        http::route_options().stream_body().body_bytes(100 << 20));
}
// [routes]

awaitable<void> visit(std::string base)
{
    http::session shop(http::base_url(base), http::timeout(5s));
    const auto refused = co_await shop.get("/api/orders/1");
    std::printf("without a token: %d\n", refused.status);

    order wanted;
    wanted.item = "pen";
    wanted.price = 1.5;
    const auto made = co_await shop.post("/api/orders", http::json(wanted), http::bearer("secret"));
    std::printf("made: %s\n", made.text().c_str());
    const auto none = co_await shop.get("/api/orders/7", http::bearer("secret"));
    std::printf("%s\n", none.text().c_str());

    const auto login = co_await shop.get("/login", http::params("user", "ada"));
    const auto who = co_await shop.get("/whoami");
    std::printf("%s, %s\n", login.text().c_str(), who.text().c_str());

    const auto photo = http::multipart(
        http::file("photo", "me.png", http::body(std::string(200'000, 'p'), "image/png")));
    const auto stored = co_await shop.post("/photos", photo);
    std::printf("%s\n", stored.text().c_str());
}

awaitable<void> serve_and_visit()
{
    std::vector<order> orders;
    const http::cookie_signer signer(secrets::token_hex(32));
    http::server site;
    add_routes(site, orders, signer);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await visit(base);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(serve_and_visit());
}

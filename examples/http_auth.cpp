// Ways to say who one is: digest, OAuth 2, and a signature of one's own.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;

// A service that gives tokens, and one that wants them or a signature.
void add_routes(http::server& site)
{
    site.post("/token", [](http::request&) -> awaitable<http::response> {
        co_return http::json(value::object("access_token", "t0k3n", "expires_in", 3600));
    });
    site.get("/orders", [](http::request& q) -> awaitable<http::response> {
        const bool known = q.headers.get("Authorization") == "Bearer t0k3n";
        const bool is_signed = q.headers.get("X-Signature") == hash::sha256("key/orders").hex();
        co_return http::response(known || is_signed ? 200 : 401, http::text("two orders"));
    });
    site.get("/old", [](http::request& q) -> awaitable<http::response> {
        const auto answer = q.headers.get("Authorization").value_or("");
        if (answer.starts_with("Digest username=\"user\"")) co_return http::text("welcome");
        co_return http::response(401).with("WWW-Authenticate",
                                           "Digest realm=\"old\", nonce=\"n1\", qop=\"auth\"");
    });
}

// [auth]
awaitable<void> sign(http::auth_context& c)
{
    c.set("X-Signature", hash::sha256("key" + std::string(c.url().path())).hex());
    co_await c.send();
}

awaitable<void> be_known(std::string base)
{
    http::session old(http::base_url(base), http::digest_auth("user", "password"));
    const auto welcome = co_await old.get("/old");
    std::printf("digest: %s\n", welcome.text().c_str());

    http::session api(http::base_url(base), http::oauth2(base + "/token", "id", "secret", "read"));
    const auto orders = co_await api.get("/orders");
    std::printf("oauth2: %s\n", orders.text().c_str());

    http::session own(http::base_url(base), http::custom_auth(sign));
    const auto by_signature = co_await own.get("/orders");
    const auto by_nobody = co_await own.get("/orders", http::no_auth());
    std::printf("signed: %d, nobody: %d\n", by_signature.status, by_nobody.status);
}
// [auth]

int main()
{
    http::server site;
    add_routes(site);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    run(be_known(base));
    run(site.stop());
    run(serving.join());
}

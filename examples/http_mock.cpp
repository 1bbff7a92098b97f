// Testing what speaks HTTP without a network: a mock, a recording, a server in the same program;
// and what a session did, for browsers' tools and as a command.
#include "ferry/async/run.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/http.hpp"

#include <filesystem>
#include <iostream>
#include <string>

using namespace ferry;

namespace {

/// What is to be tested: it knows nothing about where its session leads.
awaitable<std::string> city_of(http::session* api, int user)
{
    auto r = co_await api->get("https://api.local/users/" + std::to_string(user));
    r.raise_for_status();
    co_return r.json()["city"].as<std::string>();
}

}  // namespace

int main()
{
    http::mock web;
    web.get("https://api.local/users/1").times(1).reply(503);
    web.get("https://api.local/users/*").reply([](const http::prepared_request& q) {
        const bool first = q.url.path().ends_with("/1");
        return http::response(http::json(value::object("city", first ? "Ulm" : "Bonn")));
    });

    const std::string tape =
        std::filesystem::temp_directory_path() / ("ferry-" + secrets::token_urlsafe() + ".jsonl");
    {
        http::har_log har;
        http::session api(web, http::retry::standard(), http::record(tape), har,
                          http::bearer("not-to-be-seen"));
        std::cout << run(city_of(&api, 1)) << ' ' << run(city_of(&api, 2)) << ": "
                  << web.calls().size() << " requests, " << har.size() << " in the log\n"
                  << api.prepare("GET", "https://api.local/users/1").to_curl() << '\n';
    }

    http::session again(http::replay(tape).by_match());
    std::cout << run(city_of(&again, 2)) << " from the recording\n";
    std::filesystem::remove(tape);

    http::server site;
    site.get("/users/{id:int}", [](http::request& q) -> awaitable<http::response> {
        co_return http::json(value::object("city", "Jena", "id", q.path<int>("id")));
    });
    http::session inside{http::loopback(site)};
    std::cout << run(city_of(&inside, 7)) << " from a server without a socket\n";
}

// Harvests a small site that this program serves itself: titles and prices, by a recipe.
#include "ferry/harvest/harvest.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

using namespace ferry;

constexpr auto recipe_text = R"toml(
[harvest]
name = "shop"
user_agent = "shop-example/1.0 (+mailto:you@example.org)"
[[start]]
url = "${SHOP}/"
[page.book]
match = { url = "^/book/" }
[page.book.record.book]
fields.title = { xpath = "//h1", required = true }
fields.price = { xpath = "//b", regex = "([0-9.]+)", type = "decimal(10,2)" }
fields.url = { meta = "url" }
[page.list]
follow = [{ xpath = "//a", to = "book" }]
[politeness]
delay = "0ms"
[[output]]
record = "book"
file = "books.jsonl"
)toml";

int main()
{
    http::server site;
    site.get("/", [](http::request&) -> awaitable<http::response> {
        co_return http::html("<a href='/book/1'>one</a> <a href='/book/2'>two</a>");
    });
    site.get("/book/{id}", [](http::request& q) -> awaitable<http::response> {
        const std::string id{q.path("id")};
        co_return http::html("<h1>Book " + id + "</h1><b>&euro; " + id + "9.5</b>");
    });
    net::listener on{net::tcp("127.0.0.1", 0)};
    ::setenv("SHOP", ("http://127.0.0.1:" + std::to_string(on.port())).c_str(), 1);
    const auto serving = spawn(site.serve(std::move(on)));

    const auto folder = std::filesystem::temp_directory_path() / "ferry-example-shop";
    harvest::run_options with;
    with.directory(folder.string()).fresh(true);
    const auto done = run(harvest::run(harvest::recipe::parse(recipe_text, "shop.toml"), with));
    serving.cancel();

    std::cout << std::ifstream{folder / "books.jsonl"}.rdbuf() << harvest::to_text(done);
    std::filesystem::remove_all(folder);
    return done.exit_code;
}

#include "ferry/http/middleware.hpp"

#include "ferry/async/run.hpp"
#include "ferry/compress/decoder.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/stream_body.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using ::testing::HasSubstr;

awaitable<response> whoami(request& q)
{
    co_return text("user=" + q.user);
}

response ask(server& site, std::string target, headers fields = headers(),
             std::string method = "GET")
{
    request q;
    q.method = std::move(method);
    q.target = std::move(target);
    q.headers = std::move(fields);
    q.peer = "127.0.0.1:1234";
    return run(site.respond(std::move(q)));
}

std::string field(const response& r, std::string_view name)
{
    return std::string(r.headers.get(name).value_or(""));
}

middleware tag(std::string name, std::vector<std::string>* order)
{
    return [name, order](request& q, next_handler next) {
        order->push_back(name);
        return next(q);
    };
}

TEST(middleware, of_the_server_and_of_groups_runs_from_the_outside_in)
{
    std::vector<std::string> order;
    server site;
    site.use(tag("site1", &order)).use(tag("site2", &order));
    auto api = site.group("/api");
    api.use(tag("api", &order));
    auto users = api.group("/users/{id:int}");
    users.use(tag("users", &order));
    users.get("/name", [](request& q) -> awaitable<response> {
        co_return text(std::to_string(q.path<int>("id")));
    });
    api.get("/plain", whoami);
    site.get("/", whoami);

    EXPECT_EQ(ask(site, "/api/users/7/name").text(), "7");
    EXPECT_EQ(order, (std::vector<std::string>{"site1", "site2", "api", "users"}));
    order.clear();
    ask(site, "/api/plain");
    EXPECT_EQ(order, (std::vector<std::string>{"site1", "site2", "api"}));
    order.clear();
    EXPECT_EQ(ask(site, "/none").status, 404);
    EXPECT_EQ(order, (std::vector<std::string>{"site1", "site2"}));
}

TEST(middleware, sees_what_errors_became_and_may_fail_itself)
{
    int seen = 0;
    server site;
    site.use([&seen](request& q, next_handler next) -> awaitable<response> {
        if (q.target == "/bad") throw problem(status::forbidden, "not you");
        if (q.target == "/worse") throw std::runtime_error("secret");
        response r = co_await next(q);
        seen = r.status;
        co_return r;
    });
    site.get("/fails", [](request&) -> awaitable<response> {
        throw std::runtime_error("secret");
        co_return response();
    });
    EXPECT_EQ(ask(site, "/fails").status, 500);
    EXPECT_EQ(seen, 500);
    EXPECT_EQ(ask(site, "/bad").status, 403);
    EXPECT_EQ(ask(site, "/worse").status, 500);
    EXPECT_EQ(ask(site, "/worse").text().find("secret"), std::string::npos);
}

TEST(access_log, tells_what_was_asked_and_answered)
{
    std::string told;
    server site;
    site.use(access_log([&told](const access_entry& e) {
        told += fmt::format("{} {} {} {}\n", e.asked->method, e.asked->path(), e.status,
                            e.bytes.value_or(99));
        EXPECT_GE(e.took.count(), 0);
    }));
    site.get("/", whoami);
    ask(site, "/");
    ask(site, "/none?secret=1");
    EXPECT_EQ(told, "GET / 200 5\nGET /none 404 55\n");
}

TEST(request_ids, keeps_a_sane_id_and_makes_others)
{
    server site;
    site.use(request_ids());
    site.get("/", [](request& q) -> awaitable<response> { co_return text(q.id); });
    EXPECT_EQ(ask(site, "/", headers("X-Request-Id", "abc-1")).text(), "abc-1");
    for (const std::string& bad : {std::string(129, 'a'), std::string("a b")}) {
        const auto r = ask(site, "/", headers("X-Request-Id", bad));
        EXPECT_EQ(r.text().size(), 32U);
        EXPECT_EQ(field(r, "X-Request-Id"), r.text());
    }
    EXPECT_NE(ask(site, "/").text(), ask(site, "/").text());
}

TEST(require_password, lets_in_the_right_pair_only)
{
    server site;
    site.use(require_password("us\xc3\xa9r", "pass:word", "the \"shop\""));
    site.get("/", whoami);
    const auto basic = [](std::string_view pair) { return "Basic " + base64::encode(pair); };
    const struct {
        const char* name;
        std::string field;
        int status;
    } rows[] = {
        {"right", basic("us\xc3\xa9r:pass:word"), 200},
        {"scheme in capitals", "BASIC " + base64::encode("us\xc3\xa9r:pass:word"), 200},
        {"wrong password", basic("us\xc3\xa9r:pass:worD"), 401},
        {"wrong user", basic("user:pass:word"), 401},
        {"no colon", basic("nonsense"), 401},
        {"not Base64", "Basic ***", 401},
        {"another scheme", "Bearer x", 401},
        {"nothing", "", 401},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const auto got =
            ask(site, "/", r.field.empty() ? headers() : headers("Authorization", r.field));
        EXPECT_EQ(got.status, r.status);
        if (r.status == 200) {
            EXPECT_EQ(got.text(), "user=us\xc3\xa9r");
        } else {
            EXPECT_EQ(field(got, "WWW-Authenticate"),
                      "Basic realm=\"the shop\", charset=\"UTF-8\"");
        }
    }
}

TEST(require_token, lets_in_whoever_has_one)
{
    server site;
    auto api = site.group("/api");
    api.use(require_tokens({"one", "two"}));
    api.get("/", whoami);
    site.get("/", whoami);
    EXPECT_EQ(ask(site, "/api/", headers("Authorization", "Bearer two")).status, 200);
    const auto wrong = ask(site, "/api/", headers("Authorization", "Bearer three"));
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(field(wrong, "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
    EXPECT_EQ(field(ask(site, "/api/"), "WWW-Authenticate"), "Bearer");
    EXPECT_EQ(ask(site, "/").status, 200);
}

TEST(cors, answers_preflights_and_marks_responses)
{
    server site;
    site.use(cors(cors_options().origins("https://a.example").credentials().expose("X-Total")));
    site.put("/", whoami);
    const auto preflight =
        ask(site, "/",
            headers("Origin", "https://a.example", "Access-Control-Request-Method", "PUT",
                    "Access-Control-Request-Headers", "X-One"),
            "OPTIONS");
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(field(preflight, "Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(field(preflight, "Access-Control-Allow-Credentials"), "true");
    EXPECT_THAT(field(preflight, "Access-Control-Allow-Methods"), HasSubstr("PUT"));
    EXPECT_EQ(field(preflight, "Access-Control-Allow-Headers"), "X-One");
    EXPECT_EQ(field(preflight, "Access-Control-Max-Age"), "600");
    EXPECT_EQ(field(preflight, "Vary"), "Origin");

    const auto marked = ask(site, "/", headers("Origin", "https://a.example"), "PUT");
    EXPECT_EQ(field(marked, "Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(field(marked, "Access-Control-Expose-Headers"), "X-Total");
    const auto stranger = ask(site, "/", headers("Origin", "https://b.example"), "PUT");
    EXPECT_FALSE(stranger.headers.contains("Access-Control-Allow-Origin"));
    EXPECT_EQ(field(stranger, "Vary"), "Origin");

    server open;
    open.use(cors());
    open.get("/", whoami);
    EXPECT_EQ(field(ask(open, "/", headers("Origin", "null")), "Access-Control-Allow-Origin"), "*");
    EXPECT_THROW(cors(cors_options().credentials()), error);
}

TEST(compress_responses, compresses_text_for_those_who_take_it)
{
    const std::string long_text(5000, 'a');
    server site;
    site.use(compress_responses());
    const auto serve = [&](const char* at, std::function<response()> make) {
        site.get(at, [make](request&) -> awaitable<response> { co_return make(); });
    };
    serve("/text", [&] { return response(text(long_text)).with("ETag", "\"1\""); });
    serve("/short", [] { return response(text("short")); });
    serve("/image", [&] { return response(body(long_text, "image/png")); });
    serve("/coded", [&] { return response(text(long_text)).with("Content-Encoding", "x"); });
    serve("/kept", [&] { return response(text(long_text)).with("Cache-Control", "no-transform"); });
    serve("/stream", [&] {
        return response(stream_body(
            [long_text](body_writer& out) -> awaitable<void> {
                for (int i = 0; i < 3; ++i) co_await out.write(long_text);
            },
            "text/plain"));
    });
    for (const char* coding : {"gzip", "br", "zstd"}) {
        SCOPED_TRACE(coding);
        const auto r = ask(site, "/text", headers("Accept-Encoding", coding));
        EXPECT_EQ(field(r, "Content-Encoding"), coding);
        EXPECT_EQ(field(r, "Vary"), "Accept-Encoding");
        EXPECT_EQ(field(r, "ETag"), "W/\"1\"");
        EXPECT_LT(r.content.data().size(), 200U);
        const auto codec = compress::find(coding);
        EXPECT_EQ(as_text(compress::expand(r.bytes(), *codec)), long_text);
    }
    EXPECT_EQ(
        field(ask(site, "/text", headers("Accept-Encoding", "gzip, zstd")), "Content-Encoding"),
        "zstd");
    EXPECT_EQ(field(ask(site, "/text"), "Content-Encoding"), "");
    EXPECT_EQ(field(ask(site, "/text"), "Vary"), "Accept-Encoding");
    for (const char* target : {"/short", "/image", "/kept", "/none"}) {
        SCOPED_TRACE(target);
        const auto r = ask(site, target, headers("Accept-Encoding", "gzip"));
        EXPECT_EQ(field(r, "Content-Encoding"), "");
    }
    EXPECT_EQ(field(ask(site, "/coded", headers("Accept-Encoding", "gzip")), "Content-Encoding"),
              "x");

    const auto streamed = ask(site, "/stream", headers("Accept-Encoding", "gzip"));
    const auto collect = [](std::shared_ptr<body_source> from) -> awaitable<std::string> {
        std::string all;
        for (;;) {
            const buffer piece = co_await from->next();
            if (piece.empty()) break;
            all += piece.text();
        }
        co_return all;
    };
    const std::string all = run(collect(streamed.content.source()));
    EXPECT_EQ(as_text(compress::gunzip(as_bytes(all))).size(), 15'000U);
}

TEST(limit_rate, holds_back_whoever_asks_too_often)
{
    server site;
    site.use(limit_rate(0.5, 3, [](const request& q) { return std::string(q.path()); }));
    site.get("/{name}", whoami);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(site, "/a").status, 200);
    const auto refused = ask(site, "/a");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(field(refused, "Retry-After"), "2");
    EXPECT_EQ(ask(site, "/b").status, 200);
    EXPECT_THROW(limit_rate(0), error);
}

TEST(security_headers, are_added_where_the_handler_has_none)
{
    server site;
    site.use(security_headers());
    site.get("/", whoami);
    site.get("/own", [](request&) -> awaitable<response> {
        co_return response(text("x")).with("X-Frame-Options", "SAMEORIGIN");
    });
    const auto r = ask(site, "/");
    EXPECT_EQ(field(r, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field(r, "X-Frame-Options"), "DENY");
    EXPECT_THAT(field(r, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_FALSE(r.headers.contains("Strict-Transport-Security"));
    EXPECT_EQ(ask(site, "/own").headers.get_all("X-Frame-Options").size(), 1U);
}

}  // namespace
}  // namespace ferry::http

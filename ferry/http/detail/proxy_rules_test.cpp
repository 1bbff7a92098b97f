#include "ferry/http/detail/proxy_rules.hpp"

#include "ferry/http/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ferry::http::detail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(proxy_server, reads_urls)
{
    struct row {
        const char* text;
        const char* shown;
        const char* user;
        const char* password;
    };
    const row rows[] = {
        {"http://127.0.0.1:3128", "http://127.0.0.1:3128", "", ""},
        {"127.0.0.1:3128", "http://127.0.0.1:3128", "", ""},
        {"proxy.local", "http://proxy.local:80", "", ""},
        {"http://proxy.local:80/", "http://proxy.local:80", "", ""},
        {"https://proxy.local", "https://proxy.local:443", "", ""},
        {"https://proxy.local:443", "https://proxy.local:443", "", ""},
        {"socks4://h", "socks4://h:1080", "", ""},
        {"socks4a://bob@h:1", "socks4a://h:1", "bob", ""},
        {"socks5://u:p%40ss@[::1]:1080", "socks5://[::1]:1080", "u", "p@ss"},
        {"socks5h://u:p@h:80", "socks5h://h:80", "u", "p"},
        {"http://:p@h", "http://h:80", "", "p"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        const auto p = proxy_server::parse(r.text);
        EXPECT_EQ(p.text(), r.shown);
        EXPECT_EQ(p.user(), r.user);
        EXPECT_EQ(p.password(), r.password);
    }
}

TEST(proxy_server, refuses_what_is_no_proxy_without_showing_a_password)
{
    for (const char* text : {"", "ftp://u:secret@h", "socks://h", "http://",
                             "http://u:secret@h:99999", "http://u:secret@[::1", "http://h/path",
                             "http://h?q", "SOCKS5://h", "http://u:secret@"}) {
        SCOPED_TRACE(text);
        try {
            proxy_server::parse(text);
            ADD_FAILURE() << "was accepted";
        } catch (const proxy_error& e) {
            EXPECT_THAT(e.what(), Not(HasSubstr("secret")));
            EXPECT_EQ(e.code(), errc::bad_url);
        }
    }
}

TEST(no_proxy, matches_names_addresses_networks_and_ports)
{
    struct row {
        const char* entry;
        const char* host;
        int port;
        bool matches;
    };
    const row rows[] = {
        {"*", "a.example", 80, true},
        {"a.example", "a.example", 80, true},
        {"A.Example", "a.example", 80, true},
        {"a.example", "b.a.example", 80, true},
        {".a.example", "b.a.example", 80, true},
        {".a.example", "a.example", 80, true},
        {"*.a.example", "b.a.example", 80, true},
        {"a.example", "xa.example", 80, false},
        {"example", "a.example", 80, true},
        {"a.example:80", "a.example", 80, true},
        {"a.example:80", "a.example", 443, false},
        {"a.example:x", "a.example", 443, false},
        {" a.example ", "a.example", 443, true},
        {"a.example", "a.example.", 443, true},
        {"", "a.example", 80, false},
        {".", "a.example", 80, false},
        {"127.0.0.1", "127.0.0.1", 80, true},
        {"127.0.0.1", "127.0.0.2", 80, false},
        {"0.0.1", "127.0.0.1", 80, true},
        {"10.0.0.0/8", "10.200.3.4", 80, true},
        {"10.0.0.0/8", "11.0.0.1", 80, false},
        {"10.1.2.0/23", "10.1.3.255", 80, true},
        {"10.1.2.0/23", "10.1.4.0", 80, false},
        {"0.0.0.0/0", "9.9.9.9", 80, true},
        {"10.0.0.0/33", "10.0.0.0", 80, false},
        {"10.0.0.0/x", "10.0.0.0", 80, false},
        {"10.0.0.0/8", "a.example", 80, false},
        {"::1", "[::1]", 80, true},
        {"[::1]", "[::1]", 80, true},
        {"[::1]:81", "[::1]", 80, false},
        {"[::1]:80", "[::1]", 80, true},
        {"fd00::/8", "[fd12::1]", 80, true},
        {"fd00::/8", "[fe80::1]", 80, false},
        {"fd00::/8", "10.0.0.1", 80, false},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(std::string(r.entry) + " and " + r.host);
        EXPECT_EQ(no_proxy_matches(r.entry, r.host, static_cast<std::uint16_t>(r.port)), r.matches);
    }
}

std::map<std::string, std::string>& variables()
{
    static std::map<std::string, std::string> all;
    return all;
}

const char* variable(const char* name)
{
    const auto at = variables().find(name);
    return at == variables().end() ? nullptr : at->second.c_str();
}

std::string found(const proxy_rules& rules, const char* to)
{
    const auto server = rules.find(url::parse(to));
    return server ? server->text() : "none";
}

TEST(proxies, of_the_environment_are_read_as_curl_reads_them)
{
    variables() = {{"http_proxy", "http://h:1"},  {"HTTPS_PROXY", "http://s:2"},
                   {"ALL_PROXY", "socks5://a:3"}, {"no_proxy", "x.example, 10.0.0.0/8"},
                   {"NO_PROXY", "y.example"},     {"HTTP_PROXY", "http://evil:9"}};
    auto rules = proxy_rules::from_environment(&variable);
    EXPECT_EQ(found(rules, "http://a.example/"), "http://h:1");
    EXPECT_EQ(found(rules, "https://a.example/"), "http://s:2");
    EXPECT_EQ(found(rules, "http://x.example/"), "none");
    EXPECT_EQ(found(rules, "http://y.example/"), "http://h:1");
    EXPECT_EQ(found(rules, "http://10.1.2.3/"), "none");
    for (const char* here : {"http://localhost/", "http://127.0.0.1/", "http://[::1]/",
                             "http://127.8.8.8:80/", "http://x.localhost/"}) {
        EXPECT_EQ(found(rules, here), "none") << here;
    }

    variables() = {{"HTTP_PROXY", "http://evil:9"}};
    EXPECT_EQ(found(proxy_rules::from_environment(&variable), "http://a.example/"), "none");

    variables() = {{"https_proxy", "http://low:1"}, {"HTTPS_PROXY", "http://up:2"}};
    EXPECT_EQ(found(proxy_rules::from_environment(&variable), "https://a.example/"),
              "http://low:1");

    variables() = {{"all_proxy", "http://h:1"}, {"REQUEST_METHOD", "GET"}};
    EXPECT_EQ(found(proxy_rules::from_environment(&variable), "http://a.example/"), "none");

    variables() = {{"all_proxy", "gopher://h:1"}};
    rules = proxy_rules::from_environment(&variable);
    EXPECT_THROW(rules.find(url::parse("http://a.example/")), proxy_error);
    EXPECT_EQ(found(rules, "http://localhost/"), "none");

    variables() = {{"http_proxy", ""}, {"all_proxy", "socks4a://h"}};
    EXPECT_EQ(found(proxy_rules::from_environment(&variable), "http://a.example/"),
              "socks4a://h:1080");
}

TEST(proxies, are_found_by_the_most_exact_name)
{
    proxy_rules rules;
    rules.add("all", "http://all:1");
    rules.add("https", "http://https:2");
    rules.add("all://b.example", "http://all-b:3");
    rules.add("HTTPS://b.example", "http://https-b:4");
    EXPECT_EQ(found(rules, "http://a.example/"), "http://all:1");
    EXPECT_EQ(found(rules, "https://a.example/"), "http://https:2");
    EXPECT_EQ(found(rules, "http://b.example/"), "http://all-b:3");
    EXPECT_EQ(found(rules, "https://b.example/"), "http://https-b:4");
    EXPECT_EQ(found(rules, "http://localhost/"), "http://all:1");
}

TEST(proxies, of_the_request_come_before_the_sessions_before_the_environments)
{
    proxy_rules request;
    proxy_rules session;
    proxy_rules environment;
    environment.add("all", "http://environment");
    const url to = url::parse("http://a.example/");
    const auto chosen = [&] {
        const auto server = find_proxy(to, &request, &session, &environment);
        return server ? server->host() : "none";
    };
    EXPECT_EQ(chosen(), "environment");
    session.add("http", "http://session");
    EXPECT_EQ(chosen(), "session");
    request.except("b.example");
    EXPECT_EQ(chosen(), "session");
    request.add("https", "http://request");
    EXPECT_EQ(chosen(), "none");
    request.add("all", "http://request");
    EXPECT_EQ(chosen(), "request");
    request.except("a.example");
    EXPECT_EQ(chosen(), "none");
    request = proxy_rules();
    request.use_none();
    EXPECT_EQ(chosen(), "none");
}

}  // namespace
}  // namespace ferry::http::detail

// Runs http-state's cases on the cookie jar: `cookies FILE`, with Set-Cookie cases or dates in it.
#include "ferry/http/cookies.hpp"

#include "ferry/core/core.hpp"
#include "ferry/documents/json.hpp"

#include "tests/conformance/suite.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace ferry;

/// The suite's server, and the time at which it was written: some of its dates are past by now.
const url server = url::parse("http://home.example.org:8888/cookie-parser");
const timestamp then = iso8601::parse("2011-04-01T00:00:00Z").utc;

std::string wanted_header(const value& sent)
{
    std::string header;
    for (const value& c : sent) {
        if (!header.empty()) header += "; ";
        header += c["name"].as<std::string>() + "=" + c["value"].as<std::string>();
    }
    return header;
}

/// What is wrong with the result; empty if nothing is.
std::string fault_of_cookies(const value& test)
{
    const value* name = test.get_if("test");
    const std::string label = name != nullptr ? name->as<std::string>() : std::string();
    http::cookie_jar jar;
    url from = server;
    from.set_query(label);
    for (const value& line : test["received"]) {
        jar.store(from, line.as<std::string_view>(), then);
    }
    const value* sent_to = test.get_if("sent-to");
    const std::string target =
        sent_to != nullptr ? sent_to->as<std::string>() : "/cookie-parser-result?" + label;
    const std::string got = jar.header(server.resolve(target), then);
    const std::string wanted = wanted_header(test["sent"]);
    return got == wanted ? "" : "sends '" + got + "', expected '" + wanted + "'";
}

std::string fault_of_date(const value& test)
{
    const auto date = http::parse_cookie_date(test["test"].as<std::string_view>());
    const std::string got = date ? http_date::format(*date) : "no date";
    const value* expected = test.get_if("expected");
    const bool is_date = expected != nullptr && !expected->is_null();
    const std::string wanted = is_date ? expected->as<std::string>() : "no date";
    return got == wanted ? "" : "is '" + got + "', expected '" + wanted + "'";
}

std::string fault(const value& test)
{
    return test.contains("received") ? fault_of_cookies(test) : fault_of_date(test);
}

int run(const char* path)
{
    conformance::score score;
    for (const value& test : json::parse(conformance::read_file(path))) {
        const std::string wrong = fault(test);
        if (score.add(wrong.empty())) continue;
        std::printf("%s: %s\n", test["test"].as<std::string>().c_str(), wrong.c_str());
    }
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return conformance::run_suite(argc, argv, "cookies", "FILE", run);
}

// Runs web-platform-tests' urltestdata.json on ferry::url: `urls FILE`.
#include "ferry/core/core.hpp"
#include "ferry/documents/json.hpp"

#include "tests/conformance/suite.hpp"

#include <cstdio>
#include <optional>
#include <string>

namespace {

using namespace ferry;

std::string with_mark(char mark, std::string_view text)
{
    return text.empty() ? std::string{} : mark + std::string{text};
}

/// The value of one of the URL class's attributes.
std::string attribute(const url& u, std::string_view name)
{
    if (name == "href") return u.href();
    if (name == "origin") return u.origin();
    if (name == "protocol") return std::string{u.scheme()} + ":";
    if (name == "username") return std::string{u.username()};
    if (name == "password") return std::string{u.password()};
    if (name == "host") return std::string{u.host()};
    if (name == "hostname") return std::string{u.hostname()};
    if (name == "port") return u.port() ? std::to_string(*u.port()) : std::string{};
    if (name == "pathname") return std::string{u.path()};
    if (name == "search") return with_mark('?', u.query());
    if (name == "hash") return with_mark('#', u.fragment());
    return query_pairs::parse(u.query()).to_string();
}

std::optional<url> result_of(std::string_view input, const value& base)
{
    if (base.is_null()) return url::try_parse(input);
    const auto parsed = url::try_parse(base.as<std::string_view>());
    return parsed ? parsed->try_resolve(input) : std::nullopt;
}

/// What is wrong with the result; empty if nothing is.
std::string fault(const value& test, const std::optional<url>& got)
{
    if (test.contains("failure")) return got ? "accepted as " + got->href() : "";
    if (!got) return "refused";
    if (url::try_parse(got->href()) != got) return "does not parse to itself: " + got->href();
    for (const char* name : {"href", "origin", "protocol", "username", "password", "host",
                             "hostname", "port", "pathname", "search", "hash", "searchParams"}) {
        const value* wanted = test.get_if(name);
        if (wanted == nullptr) continue;
        const std::string found = attribute(*got, name);
        if (found != wanted->as<std::string_view>()) {
            return std::string{name} + " is '" + found + "', expected '" +
                   wanted->as<std::string>() + "'";
        }
    }
    return "";
}

int run(const char* path)
{
    conformance::score score;
    const value suite =
        json::parse(conformance::read_file(path),
                    json::parse_options().lone_surrogates(json::surrogates::replace));
    for (const value& test : suite) {
        if (!test.is_object()) continue;
        const auto input = test["input"].as<std::string_view>();
        const std::string wrong = fault(test, result_of(input, test["base"]));
        if (score.add(wrong.empty())) continue;
        std::printf("%s: %s\n", json::dump(test["input"]).c_str(), wrong.c_str());
    }
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return conformance::run_suite(argc, argv, "urls", "FILE", run);
}

#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/selection.hpp"

#include <cstdio>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help =
    R"(Prints what an XPath expression or a CSS selector finds in HTML files, a line each.

  ferry select --xpath '//title/text()' page.html
  ferry select --xpath 'count(//a)' a.html b.html
  ferry select --css 'nav a::attr(href)' page.html
  ferry get http://127.0.0.1:8080/ | ferry select --xpath '//a/@href' --json

Texts, attributes, numbers and booleans are printed as such, elements as HTML.)";

}  // namespace

int select(int argc, char** argv)
{
    std::string expression;
    std::string selector;
    std::vector<std::string> namespaces;
    std::vector<std::string> files;
    bool count = false;
    bool as_json = false;
    CLI::App options{help, "ferry select"};
    auto* how = options.add_option_group("what")->require_option(1);
    how->add_option("--xpath", expression, "an XPath 1.0 expression");
    how->add_option("--css", selector, "a selector; ::text and ::attr(name) give strings");
    options.add_option("--ns", namespaces, "prefix=uri, for prefix|name in a selector")
        ->allow_extra_args(false);
    options.add_option("files", files, "what to read; - or nothing is standard input");
    auto* counted = options.add_flag("--count", count, "print how many there are instead");
    options.add_flag("--json", as_json, "print a JSON array")->excludes(counted);
    if (const auto end = parse(options, argc, argv)) return *end;
    if (files.empty()) files.emplace_back("-");

    const selection wanted{expression, selector, namespaces};
    value all = value::array();
    std::size_t found = 0;
    for (const std::string& file : files) {
        const std::string text = read_input(file);
        for (std::string& s : wanted.strings(html::parse(text))) {
            ++found;
            if (count) continue;
            if (as_json) {
                all.push_back(s);
            } else {
                write_output("-", s += '\n');
            }
        }
    }
    if (count) write_output("-", std::to_string(found) + '\n');
    if (as_json) write_output("-", json::dump(all) + '\n');
    return 0;
}

}  // namespace ferry::command

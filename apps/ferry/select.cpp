#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/xpath.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/selection.hpp"

#include <cstdio>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help = R"(Prints what an XPath expression finds in HTML files, a line each.

  ferry select --xpath '//title/text()' page.html
  ferry select --xpath 'count(//a)' a.html b.html
  ferry get http://127.0.0.1:8080/ | ferry select --xpath '//a/@href' --json

Texts, attributes, numbers and booleans are printed as such, elements as HTML.)";

}  // namespace

int select(int argc, char** argv)
{
    std::string expression;
    std::vector<std::string> files;
    bool count = false;
    bool as_json = false;
    CLI::App options{help, "ferry select"};
    options.add_option("--xpath", expression, "the XPath 1.0 expression")->required();
    options.add_option("files", files, "what to read; - or nothing is standard input");
    auto* counted = options.add_flag("--count", count, "print how many there are instead");
    options.add_flag("--json", as_json, "print a JSON array")->excludes(counted);
    if (const auto end = parse(options, argc, argv)) return *end;
    if (files.empty()) files.emplace_back("-");

    const selection wanted{expression};
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

#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/finder.hpp"
#include "apps/ferry/output.hpp"

#include <optional>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help =
    R"(Prints what an XPath, a CSS selector or a JSONPath finds in documents, a line each.

  ferry select --xpath '//title/text()' page.html
  ferry select --xpath 'count(//a)' a.html b.html
  ferry select --css 'nav a::attr(href)' page.html
  ferry select --jsonpath '$.items[?@.price < 10].name' data.json
  ferry select --xml --ns a=http://www.w3.org/2005/Atom --xpath '//a:title' feed
  ferry get http://127.0.0.1:8080/ | ferry select --xpath '//a/@href' --json

Texts, attributes, numbers and booleans are printed as such, elements, comments and instructions as
HTML or XML, other values as JSON. Relative paths begin at the document's element. Prefixes that it
declares need no --ns; EXSLT's functions are there as re: str: set: math:. Markup is HTML unless the
file's ending, an XML declaration or an option says otherwise.)";

struct settings {
    std::string xpath;
    std::string css;
    std::string jsonpath;
    std::vector<std::string> namespaces;
    std::vector<std::string> files;
    bool html = false;
    bool xml = false;
    bool relaxed = false;
    bool count = false;
    bool as_json = false;
};

std::unique_ptr<const finder> finder_of(const settings& with)
{
    if (!with.css.empty()) return find_by_css(with.css, with.namespaces);
    if (!with.jsonpath.empty()) return find_by_jsonpath(with.jsonpath, with.relaxed);
    return find_by_xpath(with.xpath, with.namespaces);
}

std::vector<value> find_in(const settings& with, const finder& wanted, const std::string& file)
{
    const std::string text = read_input(file);
    const document_kind kind = with.html  ? document_kind::html
                               : with.xml ? document_kind::xml
                                          : guess_kind(file, text);
    try {
        return wanted.find(text, kind);
    } catch (error& e) {
        if (file != "-") e.add_context(file);
        throw;
    }
}

int run(const settings& with)
{
    const auto wanted = finder_of(with);
    value all = value::array();
    std::size_t count = 0;
    for (const std::string& file : with.files) {
        for (value& v : find_in(with, *wanted, file)) {
            ++count;
            if (with.count) continue;
            if (with.as_json) {
                all.push_back(std::move(v));
            } else {
                write_output("-", line_of(v));
            }
        }
    }
    if (with.count) write_output("-", std::to_string(count) + '\n');
    if (with.as_json && !with.count) write_output("-", json::dump(all) + '\n');
    return 0;
}

}  // namespace

int select(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry select"};
    auto* how = options.add_option_group("what")->require_option(1);
    how->add_option("--xpath", with.xpath, "an XPath 1.0 expression");
    how->add_option("--css", with.css, "a selector; ::text and ::attr(name) give strings");
    how->add_option("--jsonpath", with.jsonpath, "a JSONPath of RFC 9535; the documents are JSON");
    options.add_option("--ns", with.namespaces, "prefix=uri, for prefixes in the expression")
        ->allow_extra_args(false);
    options.add_option("files", with.files, "what to read; - or nothing is standard input");
    auto* html = options.add_flag("--html", with.html, "the documents are HTML");
    options.add_flag("--xml", with.xml, "the documents are XML")->excludes(html);
    options.add_flag("--relaxed", with.relaxed, "JSON documents may be JSON5");
    options.add_flag("--count", with.count, "print how many there are instead");
    options.add_flag("--json", with.as_json, "print a JSON array; a document is JSON anyway");
    if (const auto end = parse(options, argc, argv)) return *end;
    if (with.files.empty()) with.files.emplace_back("-");
    return run(with);
}

}  // namespace ferry::command

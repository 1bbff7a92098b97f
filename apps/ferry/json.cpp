#include "ferry/documents/json.hpp"

#include "ferry/documents/json_lines.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/documents/xmltodict.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/csv.hpp"
#include "apps/ferry/output.hpp"

#include <cstdio>
#include <optional>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help =
    R"(Reads JSON, checks it, and prints it nicely, as `python -m json.tool` does, or parts of it.

  ferry json data.json                     four spaces a level, ASCII only
  ferry json --indent 2 --no-ensure-ascii data.json pretty.json
  ferry get http://127.0.0.1:8080/user | ferry json --sort-keys
  ferry json --query '$.items[?@.price < 10].name' --compact data.json
  ferry json --query '$.items[*]' --to csv data.json items.csv
  ferry json --json-lines --compact < records.jsonl

With --query every value found is printed, one after another. --to csv and --to ndjson print a
record a line: what --query finds, or the elements of an array. --to xml writes what xmltodict reads:
"@name" is an attribute, "#text" the text; several roots become <item>s of one <root>.)";

struct settings {
    std::string in = "-";
    std::string out = "-";
    std::string query;
    std::string to;
    std::size_t indent = 4;
    bool tab = false;
    bool no_indent = false;
    bool compact = false;
    bool sort_keys = false;
    bool keep_unicode = false;
    bool lines = false;
    bool relaxed = false;
};

json::dump_options style_of(const settings& with)
{
    json::dump_options style;
    if (!with.compact && with.to.empty()) style.python();
    style.ascii(!with.keep_unicode).sort_keys(with.sort_keys).nan(json::nan_policy::literal);
    if (with.compact || with.no_indent || !with.to.empty()) return style;
    return with.tab ? style.indent("\t") : style.indent(with.indent);
}

/// What json.loads accepts.
json::parse_options as_python(const settings& with)
{
    return json::parse_options()
        .allow_nan()
        .overflow_to_infinity()
        .lone_surrogates(json::surrogates::wtf8)
        .relaxed(with.relaxed);
}

/// Python's wording: `Expecting ',' delimiter: line 2 column 1 (char 7)`.
std::string in_python_words(const parse_error& e, std::string_view text)
{
    std::string message = e.what();
    if (const auto at = message.rfind(" (line "); at != std::string::npos) message.resize(at);
    std::size_t characters = 0;
    for (const char c : text.substr(0, e.where().offset)) {
        characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return message + ": line " + std::to_string(e.where().line) + " column " +
           std::to_string(e.where().column) + " (char " + std::to_string(characters) + ")";
}

std::optional<jsonpath::expression> compile(const std::string& query)
{
    if (query.empty()) return std::nullopt;
    try {
        return jsonpath::compile(query);
    } catch (const parse_error& e) {
        throw usage_error("--query: " + std::string{e.what()} + '\n' + e.excerpt());
    } catch (const limit_error& e) {
        throw usage_error("--query: " + std::string{e.what()});
    }
}

/// What is printed: the documents, or what the query finds in them. \throws parse_error
std::vector<value> read(const settings& with, std::string_view text)
{
    const auto query = compile(with.query);
    std::vector<value> all;
    const auto take = [&](const value& document) {
        if (!query) {
            all.push_back(document);
        } else {
            for (const value& found : query->select(document)) all.push_back(found);
        }
    };
    const json::parse_options options = as_python(with);
    if (with.lines) {
        for (const value& document : json::lines<>(text, options)) take(document);
    } else {
        take(json::parse(as_bytes(text), options));
    }
    return all;
}

std::string to_xml(std::vector<value> all)
{
    const bool is_root = all.size() == 1 && all[0].is_object() && all[0].size() == 1 &&
                         !(*all[0].items().begin()).second.is_array();
    value document = value::object();
    if (is_root) {
        document = std::move(all[0]);
    } else if (all.size() == 1 && all[0].is_object()) {
        document["root"] = std::move(all[0]);
    } else {
        value& items = document["root"]["item"] = value::array();
        for (value& v : all) items.push_back(std::move(v));
    }
    return xmltodict::unparse(document, xmltodict::unparse_options().pretty(true)) + '\n';
}

std::string print(const settings& with, std::vector<value> all)
{
    // An array is the records that it holds.
    const bool spread = !with.to.empty() && with.query.empty() && !with.lines && all.size() == 1;
    if (spread && all[0].is_array()) {
        const value records = std::move(all[0]);
        all.assign(records.begin(), records.end());
    }
    if (with.to == "csv") return to_csv(all);
    if (with.to == "xml") return to_xml(std::move(all));
    const json::dump_options style = style_of(with);
    std::string text;
    for (const value& v : all) text += json::dump(v, style) + '\n';
    return text;
}

}  // namespace

int json(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry json"};
    options.add_option("input", with.in, "the file to read; - or nothing is standard input");
    options.add_option("output", with.out, "the file to write; - or nothing is standard output");
    auto* indent = options.add_option("--indent", with.indent, "spaces a level (4)");
    auto* tab = options.add_flag("--tab", with.tab, "a tab a level");
    auto* no_indent = options.add_flag("--no-indent", with.no_indent, "all on one line");
    auto* compact =
        options.add_flag("--compact", with.compact, "all on one line, no spaces at all");
    auto* to = options.add_option("--to", with.to, "csv or ndjson: a record a line; xml");
    to->check(CLI::IsMember({"csv", "ndjson", "xml"}));
    indent->excludes(tab)->excludes(no_indent)->excludes(compact)->excludes(to);
    tab->excludes(no_indent)->excludes(compact)->excludes(to);
    no_indent->excludes(compact);
    options.add_flag("--sort-keys", with.sort_keys, "members by their keys");
    options.add_flag("--no-ensure-ascii", with.keep_unicode, "leave other characters as they are");
    options.add_flag("--json-lines", with.lines, "the input has one document a line");
    options.add_flag("--relaxed", with.relaxed, "the input is JSON5: comments, trailing commas");
    options.add_option("--query", with.query, "print what this JSONPath finds");
    if (const auto end = parse(options, argc, argv)) return *end;

    const std::string text = read_input(with.in);
    try {
        write_output(with.out, print(with, read(with, text)));
    } catch (const parse_error& e) {
        std::fprintf(stderr, "%s\n", in_python_words(e, text).c_str());
        return exit_code::other;
    }
    return 0;
}

}  // namespace ferry::command

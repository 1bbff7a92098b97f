#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"

#include <cstdio>

namespace ferry::command {
namespace {

constexpr auto help = R"(Reads JSON, checks it, and prints it nicely, as `python -m json.tool` does.

  ferry json data.json                     four spaces a level, ASCII only
  ferry json --indent 2 --no-ensure-ascii data.json pretty.json
  ferry get http://127.0.0.1:8080/user | ferry json --sort-keys
  ferry json --json-lines --compact < records.jsonl)";

struct settings {
    std::string in = "-";
    std::string out = "-";
    std::size_t indent = 4;
    bool tab = false;
    bool no_indent = false;
    bool compact = false;
    bool sort_keys = false;
    bool keep_unicode = false;
    bool lines = false;
};

json::dump_options style_of(const settings& with)
{
    json::dump_options style;
    if (!with.compact) style.python();
    style.ascii(!with.keep_unicode).sort_keys(with.sort_keys).nan(json::nan_policy::literal);
    if (with.tab) {
        style.indent("\t");
    } else if (!with.compact && !with.no_indent) {
        style.indent(with.indent);
    }
    return style;
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
    indent->excludes(tab)->excludes(no_indent)->excludes(compact);
    tab->excludes(no_indent)->excludes(compact);
    no_indent->excludes(compact);
    options.add_flag("--sort-keys", with.sort_keys, "members by their keys");
    options.add_flag("--no-ensure-ascii", with.keep_unicode, "leave other characters as they are");
    options.add_flag("--json-lines", with.lines, "the input has one document a line");
    if (const auto end = parse(options, argc, argv)) return *end;

    const std::string text = read_input(with.in);
    const json::dump_options style = style_of(with);
    std::string pretty;
    try {
        if (with.lines) {
            for (const value& v : json::lines<>(text)) pretty += json::dump(v, style) + '\n';
        } else {
            pretty = json::dump(json::parse(text), style) + '\n';
        }
    } catch (const parse_error& e) {
        std::fprintf(stderr, "%s\n", in_python_words(e, text).c_str());
        return exit_code::other;
    }
    write_output(with.out, pretty);
    return 0;
}

}  // namespace ferry::command

// html5lib DIR: runs the cases of html5lib-tests, `tree-construction/*.dat`, `tokenizer/*.test` and
// `encoding/*.dat`.
// Prints every case that fails; status 1 if there is one.

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/detail/html_tokenizer.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace {

using namespace ferry;
namespace fs = std::filesystem;

struct score {
    std::size_t passed = 0;
    std::size_t failed = 0;

    void add(bool good, const std::string& name, const std::string& wanted,
             const std::string& found)
    {
        ++(good ? passed : failed);
        if (good) return;
        std::printf("FAILED %s\n", name.c_str());
        if (std::getenv("VERBOSE") != nullptr)
            std::printf("wanted:\n%s\nfound:\n%s\n", wanted.c_str(), found.c_str());
    }
};

// Tree construction.

struct tree_case {
    std::size_t line = 0;
    std::string data, fragment, document;
    bool is_fragment = false;
    bool script_on = false;
};

std::vector<tree_case> read_tree_cases(const std::string& text)
{
    std::vector<tree_case> all;
    std::string* into = nullptr;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        ++number;
        const bool in_data = !all.empty() && into == &all.back().data;
        if (line == "#data" && !in_data) {
            all.emplace_back().line = number + 1;
            into = &all.back().data;
        } else if (line == "#errors" || (!in_data && line == "#new-errors")) {
            into = nullptr;
        } else if (!in_data && line == "#document-fragment") {
            all.back().is_fragment = true;
            into = &all.back().fragment;
        } else if (!in_data && line == "#script-on") {
            all.back().script_on = true;
        } else if (!in_data && line == "#document") {
            into = &all.back().document;
        } else if (into != nullptr && line != "#script-off") {
            *into += line + '\n';
        }
    }
    for (tree_case& c : all) {
        if (!c.data.empty()) c.data.pop_back();
        if (!c.fragment.empty()) c.fragment.pop_back();
        while (c.document.ends_with('\n')) c.document.pop_back();
    }
    return all;
}

std::string dump_attributes(const documents::tree& t, documents::node_id n,
                            const std::string& indent)
{
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& a : t.attributes(n)) {
        std::string name(t.name(a.name));
        if (a.space != documents::ns::none) {
            const std::string_view uri = t.namespace_uri(a.space);
            name = (uri.ends_with("xlink")    ? "xlink "
                    : uri.ends_with("xmlns/") ? "xmlns "
                                              : "xml ") +
                   name;
        }
        all.emplace_back(std::move(name), t.value(a));
    }
    std::sort(all.begin(), all.end());
    std::string out;
    for (const auto& [name, value] : all) out += indent + name + "=\"" + value + "\"\n";
    return out;
}

std::string dump_doctype(const documents::tree& t, documents::node_id n)
{
    std::string out = "<!DOCTYPE " + std::string(t.text(n));
    if (!t.attributes(n).empty()) {
        const auto identifier = [&](const char* name) {
            const auto* found = t.find_attribute(n, t.find_name(name));
            return found == nullptr ? std::string() : std::string(t.value(*found));
        };
        out += " \"" + identifier("public") + "\" \"" + identifier("system") + '"';
    }
    return out + ">\n";
}

std::string dump_tree(const documents::tree& t)
{
    std::string out;
    std::vector<std::size_t> depth(t.size());
    for (documents::node_id n = 1; n < t.size(); ++n) {
        const documents::node_id parent = t.parent(n);
        depth[n] = parent == 0 ? 0 : depth[parent] + 1;
        const std::string indent = "| " + std::string(2 * depth[n], ' ');
        out += indent;
        switch (t.kind(n)) {
            case documents::node_kind::element: {
                const auto space = t[n].space;
                out += std::string("<") +
                       (space == documents::ns::svg      ? "svg "
                        : space == documents::ns::mathml ? "math "
                                                         : "") +
                       std::string(t.local_name(n)) + ">\n" + dump_attributes(t, n, indent + "  ");
                break;
            }
            case documents::node_kind::text: out += '"' + std::string(t.text(n)) + "\"\n"; break;
            case documents::node_kind::comment:
                out += "<!-- " + std::string(t.text(n)) + " -->\n";
                break;
            case documents::node_kind::doctype: out += dump_doctype(t, n); break;
            case documents::node_kind::fragment: out += "content\n"; break;
            case documents::node_kind::processing_instruction:
                out += "<?" + std::string(t.local_name(n)) + ' ' + std::string(t.text(n)) + "?>\n";
                break;
            case documents::node_kind::document: break;
        }
    }
    if (!out.empty()) out.pop_back();
    return out;
}

void run_tree_file(const fs::path& path, const std::string& text, score& total)
{
    for (const tree_case& c : read_tree_cases(text)) {
        html::options with;
        with.scripting(c.script_on);
        const html::document made = c.is_fragment ? html::parse_fragment(c.data, c.fragment, with)
                                                  : html::parse(c.data, with);
        const std::string found = dump_tree(made.tree());
        total.add(found == c.document,
                  path.filename().string() + ':' + std::to_string(c.line) + ": " + c.data,
                  c.document, found);
    }
}

// The tokenizer.

/// Undoes one level of \uXXXX. Lone surrogates, which UTF-8 cannot hold, become U+FFFD.
std::string unescape(const std::string& text)
{
    std::string out;
    const auto unit = [&](std::size_t at) -> char32_t {
        if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
        return static_cast<char32_t>(std::stoul(text.substr(at + 2, 4), nullptr, 16));
    };
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '\\') {
            out += text[i++];
            continue;
        }
        const char32_t high = unit(i);
        const char32_t low = high >= 0xd800 && high < 0xdc00 ? unit(i + 6) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            utf8::append(out, 0x1'0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            i += 12;
        } else {
            utf8::append(out, high);
            i += 6;
        }
    }
    return out;
}

std::string quoted(std::optional<std::string_view> text)
{
    return text ? '"' + std::string(*text) + '"' : "null";
}

/// The tokens of the expected output, one a line, texts joined.
class token_lines {
public:
    void text(std::string_view text) { pending_ += text; }
    void line(const std::string& line)
    {
        if (!pending_.empty()) lines_ += "text \"" + std::exchange(pending_, {}) + "\"\n";
        lines_ += line + '\n';
    }
    std::string finish()
    {
        line("end");
        return lines_;
    }

private:
    std::string pending_, lines_;
};

std::string expected_tokens(const value& output, bool twice)
{
    const auto string = [&](const value& v) {
        const auto text = v.as<std::string>();
        return twice ? unescape(text) : text;
    };
    const auto nullable = [&](const value& v) {
        return v.is_null() ? std::string("null") : '"' + string(v) + '"';
    };
    token_lines lines;
    for (const value& token : output) {
        const auto kind = token[0].as<std::string>();
        if (kind == "Character") {
            lines.text(string(token[1]));
        } else if (kind == "Comment") {
            lines.line("comment \"" + string(token[1]) + '"');
        } else if (kind == "DOCTYPE") {
            lines.line("doctype " + nullable(token[1]) + ' ' + nullable(token[2]) + ' ' +
                       nullable(token[3]) + (token[4].as<bool>() ? " correct" : " quirks"));
        } else {
            std::string line = (kind == "StartTag" ? "start " : "end ") + string(token[1]);
            if (kind == "StartTag") {
                std::set<std::string> all;
                for (auto [name, v] : token[2].items())
                    all.insert(' ' + (twice ? unescape(std::string(name)) : std::string(name)) +
                               "=\"" + string(v) + '"');
                for (const auto& a : all) line += a;
                if (token.size() > 3 && token[3].as<bool>()) line += " /";
            }
            lines.line(line);
        }
    }
    return lines.finish();
}

std::string found_tokens(const std::string& input, documents::detail::tokenizer_state state,
                         const std::string& last_start_tag)
{
    using documents::detail::token_kind;
    documents::tree_builder builder(input);
    documents::detail::html_tokenizer tokenizer(builder, nullptr);
    tokenizer.set_state(
        state, last_start_tag.empty() ? documents::no_name : builder.intern(last_start_tag));
    const documents::tree& t = builder.view();
    token_lines lines;
    for (;;) {
        const auto& token = tokenizer.next();
        switch (token.kind) {
            case token_kind::text: lines.text(token.text); break;
            case token_kind::comment:
                lines.line("comment \"" + std::string(token.text) + '"');
                break;
            case token_kind::doctype:
                lines.line("doctype " + quoted(token.doctype_name) + ' ' + quoted(token.public_id) +
                           ' ' + quoted(token.system_id) +
                           (token.force_quirks ? " quirks" : " correct"));
                break;
            case token_kind::end_tag: lines.line("end " + std::string(t.name(token.name))); break;
            case token_kind::start_tag: {
                std::string line = "start " + std::string(t.name(token.name));
                std::set<std::string> all;
                for (const auto& a : token.attributes)
                    all.insert(' ' + std::string(t.name(a.name)) + "=\"" + std::string(t.value(a)) +
                               '"');
                for (const auto& a : all) line += a;
                if (token.self_closing) line += " /";
                lines.line(line);
                break;
            }
            case token_kind::end_of_file: return lines.finish();
        }
    }
}

std::string without_carriage_returns(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r')
            out += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            out += '\n';
    }
    return out;
}

void run_tokenizer_file(const fs::path& path, const std::string& text, score& total)
{
    using documents::detail::tokenizer_state;
    const std::pair<std::string_view, tokenizer_state> states[] = {
        {"Data state", tokenizer_state::data},
        {"PLAINTEXT state", tokenizer_state::plaintext},
        {"RCDATA state", tokenizer_state::rcdata},
        {"RAWTEXT state", tokenizer_state::rawtext},
        {"Script data state", tokenizer_state::script_data},
        {"CDATA section state", tokenizer_state::cdata}};
    const value file =
        json::parse(text, json::parse_options().lone_surrogates(json::surrogates::replace));
    const value* tests = file.get_if("tests");
    if (tests == nullptr) tests = file.get_if("xmlViolationTests");
    // What XML forbids is none of HTML's business.
    if (tests == nullptr || file.contains("xmlViolationTests")) return;
    for (const value& test : *tests) {
        const bool twice = test.get("doubleEscaped", false);
        auto input = test["input"].as<std::string>();
        if (twice) input = unescape(input);
        input = without_carriage_returns(input);
        const std::string wanted = expected_tokens(test["output"], twice);
        std::vector<std::string> names = {"Data state"};
        if (const value* given = test.get_if("initialStates"))
            names = given->as<std::vector<std::string>>();
        for (const std::string& name : names) {
            const auto* state =
                std::ranges::find(states, name, [](const auto& s) { return s.first; });
            if (state == std::end(states)) throw std::runtime_error("unknown state: " + name);
            const std::string found =
                found_tokens(input, state->second, test.get("lastStartTag", ""));
            total.add(found == wanted,
                      path.filename().string() + ": " + test["description"].as<std::string>() +
                          " (" + name + ')',
                      wanted, found);
        }
    }
}

// Encodings.

/// The encoding of a page; that of one which names none and is ASCII, so that it might be in any,
/// is what the suite takes it for.
std::string encoding_of(std::string_view page)
{
    const html::document made = html::parse(as_bytes(page));
    const bool is_ascii = std::ranges::all_of(page, [](char c) { return (c & 0x80) == 0; });
    const bool is_guess = documents::detail::decode_html(as_bytes(page), {}).is_guess &&
                          !documents::detail::named_by_meta(made.tree());
    return is_ascii && is_guess ? "windows-1252" : made.encoding();
}

void run_encoding_file(const fs::path& path, const std::string& text, score& total)
{
    constexpr std::string_view data = "#data\n";
    constexpr std::string_view encoding = "\n#encoding\n";
    for (std::size_t at = text.find(data); at != std::string::npos; at = text.find(data, at)) {
        at += data.size();
        const std::size_t end = text.find(encoding, at);
        if (end == std::string::npos) break;
        const std::size_t name = end + encoding.size();
        const auto wanted = charset::find(text.substr(name, text.find('\n', name) - name));
        const std::string page = text.substr(at, end - at);
        const std::string found = encoding_of(page);
        total.add(wanted && charset::name(*wanted) == found, path.filename().string() + ": " + page,
                  wanted ? std::string(charset::name(*wanted)) : "?", found);
        at = name;
    }
}

std::vector<fs::path> files_in(const fs::path& dir, const char* extension)
{
    std::vector<fs::path> found;
    if (!fs::is_directory(dir)) return found;
    for (const auto& entry : fs::directory_iterator(dir))
        if (entry.path().extension() == extension) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

std::string read(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: html5lib DIR\n");
        return 2;
    }
    score total;
    for (const auto& path : files_in(fs::path(argv[1]) / "tree-construction", ".dat"))
        run_tree_file(path, read(path), total);
    for (const auto& path : files_in(fs::path(argv[1]) / "tokenizer", ".test"))
        run_tokenizer_file(path, read(path), total);
    for (const auto& path : files_in(fs::path(argv[1]) / "encoding", ".dat"))
        run_encoding_file(path, read(path), total);
    std::printf("%zu passed, %zu failed\n", total.passed, total.failed);
    return total.failed == 0 && total.passed != 0 ? 0 : 1;
}

// xmlconf DIR: runs the W3C XML Conformance Test Suite, from DIR/xmlconf.xml and the manifests
// that it includes. Prints every case that fails; status 1 if there is one.
//
// A non-validating processor that reads no external entity must refuse what is not well-formed and
// accept what is valid or invalid. Where the verdict, or the canonical form of the result, depends
// on external entities, the standard leaves it open and either answer passes.

#include "ferry/documents/xml.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace {

using namespace ferry;
namespace fs = std::filesystem;

std::string read_file(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct test_case {
    std::string id, type, uri, entities, output, output_form, reason;
    bool namespaces = true;
    fs::path base;
};

/// The manifests that `DIR/xmlconf.xml` declares as external entities.
std::vector<fs::path> manifests(const fs::path& folder)
{
    const std::string text = read_file(folder / "xmlconf.xml");
    std::vector<fs::path> all;
    for (std::size_t at = text.find("<!ENTITY"); at != std::string::npos;
         at = text.find("<!ENTITY", at + 1)) {
        const std::size_t end = text.find('>', at);
        const std::string_view declaration = std::string_view(text).substr(at, end - at);
        const std::size_t open = declaration.find_first_of("\"'");
        if (declaration.find("SYSTEM") == std::string_view::npos || open == std::string_view::npos)
            continue;
        const std::size_t close = declaration.find(declaration[open], open + 1);
        const fs::path file = folder / declaration.substr(open + 1, close - open - 1);
        if (fs::exists(file))
            all.push_back(file);
        else
            std::printf("missing manifest: %s\n", file.c_str());
    }
    if (all.empty()) all.push_back(folder / "xmlconf.xml");
    return all;
}

bool is_in(std::string_view words, std::string_view word)
{
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') !=
           std::string::npos;
}

/// Why a case is not about XML 1.0 fifth edition with Namespaces 1.0; empty if it is.
std::string why_not(const xml::element& test)
{
    if (const auto version = test.get("VERSION"); version && !is_in(*version, "1.0"))
        return "XML 1.1";
    const std::string_view edition = test.get("EDITION", "5");
    if (!is_in(edition, "5")) return "an edition before the fifth";
    const std::string_view of = test.get("RECOMMENDATION", "XML1.0");
    if (of == "XML1.1") return "XML 1.1";
    if (of == "NS1.1") return "Namespaces 1.1";
    return {};
}

/// James Clark's first canonical form.
std::string canonical(const xml::document& d)
{
    const documents::tree& t = d.tree();
    std::string out;
    const auto escaped = [&out](std::string_view text) {
        for (const char c : text) {
            switch (c) {
                case '&': out += "&amp;"; break;
                case '<': out += "&lt;"; break;
                case '>': out += "&gt;"; break;
                case '"': out += "&quot;"; break;
                case '\t': out += "&#9;"; break;
                case '\n': out += "&#10;"; break;
                case '\r': out += "&#13;"; break;
                default: out += c; break;
            }
        }
    };
    std::vector<documents::node_id> open;
    const auto close = [&] {
        out += "</" + t.qualified_name(open.back()) + '>';
        open.pop_back();
    };
    for (documents::node_id n = 1; n < t.size(); ++n) {
        while (!open.empty() && t.end(open.back()) <= n) close();
        switch (t.kind(n)) {
            case documents::node_kind::element: {
                out += '<' + t.qualified_name(n);
                std::map<std::string, std::string_view> sorted;
                for (const auto& a : t.attributes(n)) sorted[t.qualified_name(a)] = t.value(a);
                for (const auto& [name, value] : sorted) {
                    out += ' ' + name + "=\"";
                    escaped(value);
                    out += '"';
                }
                out += '>';
                open.push_back(n);
                break;
            }
            case documents::node_kind::text: escaped(t.text(n)); break;
            case documents::node_kind::processing_instruction:
                out += "<?" + std::string(t.local_name(n)) + ' ' + std::string(t.text(n)) + "?>";
                break;
            default: break;
        }
    }
    while (!open.empty()) close();
    return out;
}

/// Whether the document has parts that are not read.
bool has_external_parts(const xml::document& d)
{
    for (const xml::node& n : d.top().child_nodes()) {
        if (n.kind() != documents::node_kind::doctype) continue;
        for (const auto& a : d.tree().attributes(n.id())) {
            const std::string_view value = d.tree().value(a);
            if (d.tree().name(a.name) != "internal") return true;
            if (value.find("SYSTEM") != std::string_view::npos ||
                value.find("PUBLIC") != std::string_view::npos)
                return true;
        }
    }
    return false;
}

/// The second canonical form has the notations where the DOCTYPE was.
std::string without_notations(std::string text)
{
    const std::size_t from = text.find("<!DOCTYPE");
    const std::size_t end = text.find("]>\n", std::min(from, text.size()));
    if (from != std::string::npos && end != std::string::npos) text.erase(from, end + 3 - from);
    return text;
}

/// Empty, or what is wrong.
std::string run(const test_case& c)
{
    const std::string bytes = read_file(c.base / c.uri);
    const bool reads_all = c.entities == "none";
    std::optional<xml::document> found;
    std::string refusal;
    try {
        found = xml::parse(std::as_bytes(std::span(bytes)), {},
                           xml::options()
                               .entities(xml::entities::expand)
                               .skip_unread(true)
                               .namespaces(c.namespaces)
                               .max_attributes(100'000)
                               .max_depth(100'000));
    } catch (const error& e) {
        refusal = e.what();
    }
    if (c.type == "error") return {};
    if (c.type == "not-wf") return found && reads_all ? "accepted" : "";
    if (!found) return "refused: " + refusal;
    if (c.output.empty() || !reads_all) return {};
    const std::string wanted = without_notations(read_file(c.base / c.output));
    const std::string made = canonical(*found);
    if (made == wanted || has_external_parts(*found)) return {};
    return "canonical form differs\n  wanted " + wanted + "\n  found  " + made;
}

}  // namespace

int main(int argc, char** argv)
try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: xmlconf DIR\n");
        return 2;
    }
    std::map<std::string, std::size_t> left_out;
    std::size_t passed = 0;
    std::size_t failed = 0;
    for (const fs::path& file : manifests(argv[1])) {
        // A manifest is an external parsed entity: some have no single element.
        std::string text = read_file(file);
        if (const std::size_t end = text.find("?>"); text.starts_with("<?xml"))
            text.erase(0, end + 2);
        const auto manifest = xml::parse("<manifest>" + text + "</manifest>",
                                         xml::options().recover(true).max_text_bytes(1 << 30));
        for (const xml::element test : manifest.root().iter("TEST")) {
            if (const std::string reason = why_not(test); !reason.empty()) {
                ++left_out[reason];
                continue;
            }
            test_case c;
            c.id = test.get("ID", "");
            c.type = test.get("TYPE", "");
            c.uri = test.get("URI", "");
            c.entities = test.get("ENTITIES", "none");
            c.output = test.get("OUTPUT", "");
            c.namespaces = test.get("NAMESPACE", "yes") == "yes";
            c.base = file.parent_path();
            for (auto up = test.parent(); up; up = up->parent())
                if (const auto base = up->get("{http://www.w3.org/XML/1998/namespace}base"))
                    if (fs::exists(file.parent_path() / *base / c.uri))
                        c.base = file.parent_path() / *base;
            std::string wrong;
            try {
                wrong = run(c);
            } catch (const std::exception& e) {
                wrong = e.what();
            }
            ++(wrong.empty() ? passed : failed);
            if (!wrong.empty())
                std::printf("FAILED %s (%s, %s): %s\n", c.id.c_str(), c.type.c_str(), c.uri.c_str(),
                            wrong.c_str());
        }
    }
    for (const auto& [reason, count] : left_out)
        std::printf("not run: %zu about %s\n", count, reason.c_str());
    std::printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "xmlconf: %s\n", e.what());
    return 2;
}

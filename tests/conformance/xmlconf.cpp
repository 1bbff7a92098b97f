// xmlconf DIR: runs the W3C XML Conformance Test Suite, from DIR/xmlconf.xml and the manifests
// that it includes as external entities. Prints every case that fails; status 1 if there is one.
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
    std::string id, type, uri, entities, output;
    bool namespaces = true;
    fs::path file;
};

/// A text with its comments blanked out, so that what they hold is not taken for the real thing.
std::string without_comments(std::string text)
{
    for (std::size_t at = text.find("<!--"); at != std::string::npos; at = text.find("<!--", at)) {
        const std::size_t end = std::min(text.find("-->", at + 4), text.size() - 3) + 3;
        std::fill(text.begin() + static_cast<std::ptrdiff_t>(at),
                  text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
        at = end;
    }
    return text;
}

/// The files that a DOCTYPE declares as external entities.
std::map<std::string, fs::path> external_entities(std::string_view doctype)
{
    std::map<std::string, fs::path> all;
    for (std::size_t at = doctype.find("<!ENTITY"); at != std::string_view::npos;
         at = doctype.find("<!ENTITY", at + 1)) {
        const std::string_view words = doctype.substr(at + 8, doctype.find('>', at) - at - 8);
        const std::size_t system = words.find("SYSTEM");
        const std::size_t open = words.find_first_of("\"'");
        if (system == std::string_view::npos || open == std::string_view::npos) continue;
        const std::size_t close = words.find(words[open], open + 1);
        const std::size_t from = words.find_first_not_of(" \t\r\n");
        const std::size_t to = words.find_first_of(" \t\r\n", from);
        all.emplace(words.substr(from, to - from), words.substr(open + 1, close - open - 1));
    }
    return all;
}

/// Reads a manifest with the parts that it includes as external entities.
class manifest_reader {
public:
    /// The text of it, the parts in the place of the references to them. An element `included` is
    /// around each file; its attribute `folder` is an index for folder().
    std::string read(const fs::path& file) { return expanded(file, {}, 0); }
    const fs::path& folder(std::string_view index) const
    {
        return folders_.at(std::stoul(std::string(index)));
    }

private:
    std::string expanded(const fs::path& file, std::map<std::string, fs::path> parts, int depth)
    {
        if (depth > 8) throw std::runtime_error("manifests include each other");
        std::string text = without_comments(read_file(file));
        if (const std::size_t end = text.find("?>"); text.starts_with("<?xml") && end < text.size())
            text.erase(0, end + 2);
        if (const std::size_t at = text.find("<!DOCTYPE"); at < text.find("<TEST")) {
            std::size_t end = text.find_first_of("[>", at);
            if (end < text.size() && text[end] == '[') end = text.find('>', text.find(']', end));
            for (const auto& [name, part] : external_entities(text.substr(at, end - at)))
                parts.emplace(name, file.parent_path() / part);
            text.erase(at, end + 1 - at);
        }
        std::string made = "<included folder=\"" + std::to_string(folders_.size()) + "\">";
        folders_.push_back(file.parent_path());
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t reference = std::min(text.find('&', at), text.size());
            made.append(text, at, reference - at);
            if (reference == text.size()) break;
            const std::size_t end = text.find(';', reference);
            const auto part = parts.find(text.substr(reference + 1, end - reference - 1));
            at = reference + 1;
            if (part == parts.end()) {
                made += '&';
                continue;
            }
            if (fs::exists(part->second))
                made += expanded(part->second, parts, depth + 1);
            else
                std::printf("missing manifest: %s\n", part->second.c_str());
            at = end + 1;
        }
        return made + "</included>";
    }

    std::vector<fs::path> folders_;
};

/// Where a case's file is. An xml:base is meant to be relative to that of the element around it,
/// but manifests that are included by others also say it as seen from the whole suite.
fs::path find_file(const manifest_reader& manifest, const xml::element& test,
                   const std::string& uri)
{
    fs::path bases;
    for (auto up = test.parent(); up; up = up->parent()) {
        if (const auto base = up->get("{http://www.w3.org/XML/1998/namespace}base"))
            bases = fs::path(*base) / bases;
        const auto folder = up->get("folder");
        if (!folder) continue;
        const fs::path& from = manifest.folder(*folder);
        for (const fs::path& file : {from / bases / uri, from / uri})
            if (fs::exists(file)) return file;
    }
    return {};
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
    if (const auto edition = test.get("EDITION"); edition && !is_in(*edition, "5"))
        return "an edition before the fifth";
    const std::string_view of = test.get("RECOMMENDATION", "XML1.0");
    if (of.starts_with("XML1.1")) return "XML 1.1";
    if (of.starts_with("NS1.1")) return "Namespaces 1.1";
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
            const std::string_view subset = d.tree().value(a);
            if (d.tree().name(a.name) != "internal") return true;
            for (std::size_t at = subset.find("<!ENTITY"); at != std::string_view::npos;
                 at = subset.find("<!ENTITY", at + 1)) {
                const std::string_view declaration = subset.substr(at, subset.find('>', at) - at);
                if (declaration.find("SYSTEM") != std::string_view::npos ||
                    declaration.find("PUBLIC") != std::string_view::npos)
                    return true;
            }
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

/// What the names of a case's files are relative to.
fs::path base_of(const test_case& c)
{
    const std::string& file = c.file.native();
    return file.ends_with(c.uri) ? fs::path(file.substr(0, file.size() - c.uri.size()))
                                 : c.file.parent_path();
}

/// Empty, or what is wrong.
std::string run(const test_case& c)
{
    if (c.file.empty()) return "there is no such file";
    const std::string bytes = read_file(c.file);
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
                               .max_expansions(100'000)
                               .max_amplification(1000)
                               .max_depth(100'000));
    } catch (const error& e) {
        refusal = e.what();
    }
    if (c.type == "error") return {};
    if (c.type == "not-wf") return found && reads_all ? "accepted" : "";
    if (!found) return "refused: " + refusal;
    if (c.output.empty() || !reads_all) return {};
    const fs::path output = base_of(c) / c.output;
    if (!fs::exists(output)) return "there is no " + output.string();
    const std::string wanted = without_notations(read_file(output));
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
    manifest_reader manifest;
    const auto suite = xml::parse(manifest.read(fs::path(argv[1]) / "xmlconf.xml"),
                                  xml::options().recover(true).max_text_bytes(1 << 30));
    for (const xml::element test : suite.root().iter("TEST")) {
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
        c.file = find_file(manifest, test, c.uri);
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
    for (const auto& [reason, count] : left_out)
        std::printf("not run: %zu about %s\n", count, reason.c_str());
    std::printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "xmlconf: %s\n", e.what());
    return 2;
}

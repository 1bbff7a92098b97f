#include "ferry/documents/xml_canonical.hpp"

#include <algorithm>

namespace ferry::xml {

namespace {

using documents::no_node;
using documents::node_id;
namespace ns = documents::ns;

void append_escaped(std::string& out, std::string_view text, bool in_attribute)
{
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '\r': out += "&#xD;"; break;
            case '>': out += in_attribute ? ">" : "&gt;"; break;
            case '"': out += in_attribute ? "&quot;" : "\""; break;
            case '\t': out += in_attribute ? "&#x9;" : "\t"; break;
            case '\n': out += in_attribute ? "&#xA;" : "\n"; break;
            default: out += c; break;
        }
    }
}

bool has_scheme(std::string_view uri) noexcept
{
    const std::size_t colon = uri.find_first_of(":/?#");
    return colon != std::string_view::npos && colon > 0 && uri[colon] == ':';
}

/// Joins two references as Canonical XML 1.1 section 2.4 does for xml:base.
std::string join(std::string_view base, std::string_view reference)
{
    if (has_scheme(reference) || base.empty()) return std::string(reference);
    if (reference.empty()) return std::string(base);
    std::size_t path = 0;  // where the path of the base begins
    if (has_scheme(base)) path = base.find(':') + 1;
    if (base.substr(path).starts_with("//"))
        path = std::min(base.find_first_of("/?#", path + 2), base.size());
    const std::string_view root = base.substr(0, path);
    std::string_view old = base.substr(path);
    old = old.substr(0, old.find_first_of("?#"));
    std::string whole;
    if (reference.starts_with("//"))
        return std::string(base.substr(0, base.find(':') + 1)) + std::string(reference);
    if (reference.starts_with('/'))
        whole = reference;
    else
        whole = std::string(old.substr(0, old.rfind('/') + 1)) + std::string(reference);
    std::vector<std::string_view> parts;
    std::string_view left = whole;
    const bool is_absolute = left.starts_with('/');
    if (is_absolute) left.remove_prefix(1);
    bool ends_open = false;
    for (;;) {
        const std::size_t end = left.find('/');
        const std::string_view part = left.substr(0, end);
        const bool is_last = end == std::string_view::npos;
        ends_open = false;
        if (part == "..") {
            if (!parts.empty() && parts.back() != "..")
                parts.pop_back();
            else if (!is_absolute)
                parts.push_back(part);
            ends_open = is_last;
        } else if (part == ".") {
            ends_open = is_last;
        } else {
            parts.push_back(part);
        }
        if (is_last) break;
        left.remove_prefix(end + 1);
    }
    std::string out(root);
    if (is_absolute) out += '/';
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += '/';
        out += parts[i];
    }
    if (ends_open && !parts.empty()) out += '/';
    return out;
}

struct binding {
    std::string_view prefix;
    std::string_view uri;
};

class canonicaliser {
public:
    canonicaliser(const documents::tree& of, const canonical_options& with) : t_(of), with_(with) {}

    std::string write(node_id top)
    {
        const bool is_document = t_.kind(top) == node_kind::document;
        if (!is_document) {
            // What is in scope there, outermost first.
            std::vector<node_id> around;
            for (node_id n = t_.parent(top); n != no_node; n = t_.parent(n))
                if (t_.is_element(n)) around.push_back(n);
            for (auto n = around.rbegin(); n != around.rend(); ++n) add_scope(*n);
        }
        const node_id end = t_.end(top);
        bool had_root = false;
        for (node_id n = is_document ? top + 1 : top; n < end; ++n) {
            while (!open_.empty() && t_.end(open_.back().at) <= n) close();
            const bool at_top = is_document && open_.empty();
            if (t_.is_element(n)) {
                start(n, open_.empty() && !is_document);
                had_root = true;
                continue;
            }
            const node_kind kind = t_.kind(n);
            const bool is_shown = kind == node_kind::processing_instruction ||
                                  (kind == node_kind::comment && with_.comments());
            if (kind == node_kind::text && !at_top) append_escaped(out_, t_.text(n), false);
            if (!is_shown) continue;
            if (at_top && had_root) out_ += '\n';
            leaf(n);
            if (at_top && !had_root) out_ += '\n';
        }
        while (!open_.empty()) close();
        return std::move(out_);
    }

private:
    struct open_element {
        node_id at;
        std::size_t scope;
        std::size_t rendered;
    };

    static std::string_view* find(std::vector<binding>& all, std::string_view prefix) noexcept
    {
        for (auto b = all.rbegin(); b != all.rend(); ++b)
            if (b->prefix == prefix) return &b->uri;
        return nullptr;
    }

    std::string_view declared_prefix(const documents::attribute& a) const noexcept
    {
        return a.prefix == 0 ? std::string_view() : t_.name(a.name);
    }

    void add_scope(node_id n)
    {
        for (const documents::attribute& a : t_.attributes(n))
            if (a.space == ns::xmlns) scope_.push_back({declared_prefix(a), t_.value(a)});
    }

    bool is_inclusive(std::string_view prefix) const
    {
        if (with_.method() != c14n::exclusive) return true;
        const auto& all = with_.inclusive_prefixes();
        return std::find(all.begin(), all.end(), prefix.empty() ? "#default" : prefix) != all.end();
    }

    void need(std::vector<binding>& to, std::string_view prefix)
    {
        if (prefix == "xml") return;
        const std::string_view* const uri = find(scope_, prefix);
        const std::string_view* const before = find(rendered_, prefix);
        const std::string_view now = uri == nullptr ? std::string_view() : *uri;
        const std::string_view then = before == nullptr ? std::string_view() : *before;
        if (now == then) return;
        if (now.empty() && !prefix.empty()) return;
        if (std::none_of(to.begin(), to.end(),
                         [&](const binding& b) { return b.prefix == prefix; }))
            to.push_back({prefix, now});
    }

    void start(node_id n, bool is_apex)
    {
        const open_element here{n, scope_.size(), rendered_.size()};
        add_scope(n);
        std::vector<binding> shown;
        if (is_apex) {
            for (std::size_t i = 0; i < scope_.size(); ++i)
                if (is_inclusive(scope_[i].prefix)) need(shown, scope_[i].prefix);
        } else {
            for (std::size_t i = here.scope; i < scope_.size(); ++i)
                if (is_inclusive(scope_[i].prefix)) need(shown, scope_[i].prefix);
        }
        if (with_.method() == c14n::exclusive) {
            need(shown, t_.prefix(t_[n].prefix));
            for (const documents::attribute& a : t_.attributes(n))
                if (a.space != ns::xmlns && a.prefix != 0) need(shown, t_.prefix(a.prefix));
        }
        std::sort(shown.begin(), shown.end(),
                  [](const binding& a, const binding& b) { return a.prefix < b.prefix; });
        out_ += '<';
        out_ += t_.qualified_name(n);
        for (const binding& b : shown) {
            attribute(b.prefix.empty() ? "xmlns" : "xmlns:" + std::string(b.prefix), b.uri);
            rendered_.push_back(b);
        }
        attributes(n, is_apex);
        out_ += '>';
        open_.push_back(here);
        if (t_.end(n) == n + 1) close();
    }

    void attribute(std::string_view name, std::string_view value)
    {
        out_ += ' ';
        out_ += name;
        out_ += "=\"";
        append_escaped(out_, value, true);
        out_ += '"';
    }

    void attributes(node_id n, bool is_apex)
    {
        struct shown {
            std::string_view uri;
            std::string_view local;
            std::string name;
            std::string value;
        };
        std::vector<shown> all;
        for (const documents::attribute& a : t_.attributes(n))
            if (a.space != ns::xmlns)
                all.push_back({t_.namespace_uri(a.space), t_.name(a.name), t_.qualified_name(a),
                               std::string(t_.value(a))});
        if (is_apex && with_.method() != c14n::exclusive) {
            const bool is_11 = with_.method() == c14n::inclusive_11;
            const auto own = [&all](std::string_view name) {
                return std::find_if(all.begin(), all.end(),
                                    [&](const shown& s) { return s.name == name; });
            };
            std::string base;
            for (node_id up = t_.parent(n); up != no_node; up = t_.parent(up)) {
                if (!t_.is_element(up)) continue;
                for (const documents::attribute& a : t_.attributes(up)) {
                    if (a.space != ns::xml) continue;
                    const std::string name = t_.qualified_name(a);
                    const bool is_base = name == "xml:base";
                    if (is_11 && is_base) {
                        base = base.empty() ? std::string(t_.value(a)) : join(t_.value(a), base);
                        continue;
                    }
                    if (is_11 && name != "xml:lang" && name != "xml:space") continue;
                    if (own(name) == all.end())
                        all.push_back({t_.namespace_uri(a.space), t_.name(a.name), name,
                                       std::string(t_.value(a))});
                }
            }
            if (!base.empty()) {
                const auto there = own("xml:base");
                if (there != all.end())
                    there->value = join(base, there->value);
                else
                    all.push_back({t_.namespace_uri(ns::xml), "base", "xml:base", base});
            }
        }
        std::sort(all.begin(), all.end(), [](const shown& a, const shown& b) {
            return a.uri != b.uri ? a.uri < b.uri : a.local < b.local;
        });
        for (const shown& s : all) attribute(s.name, s.value);
    }

    void close()
    {
        const open_element closed = open_.back();
        open_.pop_back();
        scope_.resize(closed.scope);
        rendered_.resize(closed.rendered);
        out_ += "</";
        out_ += t_.qualified_name(closed.at);
        out_ += '>';
    }

    void leaf(node_id n)
    {
        const bool is_comment = t_.kind(n) == node_kind::comment;
        const auto append = [this](std::string_view text) {
            for (const char c : text) {
                if (c == '\r')
                    out_ += "&#xD;";
                else
                    out_ += c;
            }
        };
        out_ += is_comment ? "<!--" : "<?";
        if (!is_comment) {
            out_ += t_.local_name(n);
            if (!t_.text(n).empty()) out_ += ' ';
        }
        append(t_.text(n));
        out_ += is_comment ? "-->" : "?>";
    }

    const documents::tree& t_;
    const canonical_options& with_;
    std::string out_;
    std::vector<open_element> open_;
    std::vector<binding> scope_;
    std::vector<binding> rendered_;
};

}  // namespace

std::string canonical(const node& from, const canonical_options& with)
{
    return canonicaliser(from.tree(), with).write(from.id());
}

std::string canonical(const document& from, const canonical_options& with)
{
    return canonical(from.top(), with);
}

}  // namespace ferry::xml

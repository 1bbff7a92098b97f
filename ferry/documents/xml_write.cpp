#include "ferry/documents/xml_write.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/detail/xml_chars.hpp"

#include <algorithm>

namespace ferry::xml {

namespace {

using documents::no_node;
using documents::node_id;
namespace ns = documents::ns;

/// Appends `text` with what cannot stand there replaced.
class escaper {
public:
    /// \param last  the last code point that needs no reference.
    escaper(std::string& to, char32_t last) : to_(to), last_(last) {}

    void text(std::string_view from) { put(from, false); }
    void attribute(std::string_view from) { put(from, true); }

    /// What has no references: names, comments, instructions.
    void plain(std::string_view from)
    {
        if (last_ < 0x10FFFF) {
            for (std::size_t at = 0; at < from.size();) {
                const auto c = utf8::decode(from, at);
                if (c.code_point > last_)
                    throw error(errc::unsupported,
                                "the encoding lacks a character of a name or comment");
                at += c.size;
            }
        }
        to_ += from;
    }

private:
    void put(std::string_view from, bool in_attribute)
    {
        std::size_t done = 0;
        for (std::size_t at = 0; at < from.size(); ++at) {
            std::string_view with;
            switch (from[at]) {
                case '&': with = "&amp;"; break;
                case '<': with = "&lt;"; break;
                case '>': with = "&gt;"; break;
                case '\r': with = "&#13;"; break;
                case '"': with = in_attribute ? "&quot;" : ""; break;
                case '\t': with = in_attribute ? "&#9;" : ""; break;
                case '\n': with = in_attribute ? "&#10;" : ""; break;
                default:
                    if (last_ < 0x10FFFF && static_cast<unsigned char>(from[at]) >= 0x80) {
                        const auto c = utf8::decode(from, at);
                        if (c.code_point > last_) {
                            to_.append(from, done, at - done);
                            to_ += "&#" + std::to_string(std::uint32_t{c.code_point}) + ';';
                            done = at + c.size;
                        }
                        at += c.size - 1;
                    }
                    break;
            }
            if (with.empty()) continue;
            to_.append(from, done, at - done).append(with);
            done = at + 1;
        }
        to_.append(from, done);
    }

    std::string& to_;
    char32_t last_;
};

bool is_blank(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return detail::has_class(c, detail::is_space); });
}

class writer {
public:
    writer(const documents::tree& of, const write_options& with, std::string& to, char32_t last)
        : t_(of), with_(with), to_(to), escape_(to, last)
    {
    }

    void write(node_id top)
    {
        const bool is_document = t_.kind(top) == node_kind::document;
        if (!is_document && !t_.is_element(top)) {
            leaf(top);
            return;
        }
        const node_id end = t_.end(top);
        bool first = true;
        for (node_id n = is_document ? top + 1 : top; n < end;) {
            while (!open_.empty() && t_.end(open_.back().at) <= n) close();
            const bool at_top = is_document && open_.empty();
            if (at_top) {
                if (t_.kind(n) == node_kind::doctype && !with_.doctype()) {
                    ++n;
                    continue;
                }
                if (!first) to_ += '\n';
                first = false;
            }
            if (t_.is_element(n)) {
                start(n, n == top);
                if (t_.end(n) == n + 1) {
                    empty(n);
                } else {
                    to_ += '>';
                    open_.push_back({n, is_formatted(n)});
                }
            } else if (!open_.empty() && open_.back().formatted && t_.kind(n) == node_kind::text) {
                // White space that the indentation replaces.
            } else {
                line();
                leaf(n);
            }
            ++n;
        }
        while (!open_.empty()) close();
    }

private:
    struct open_element {
        node_id at;
        bool formatted;
    };

    void line()
    {
        if (open_.empty() || !open_.back().formatted) return;
        to_ += '\n';
        for (std::size_t i = 0; i < open_.size(); ++i) to_ += with_.indent();
    }

    /// Whether the children go on lines of their own.
    bool is_formatted(node_id n) const
    {
        if (!with_.pretty() || (!open_.empty() && !open_.back().formatted)) return false;
        if (const auto* space = t_.find_attribute(n, t_.find_name("space"), ns::xml))
            if (t_.value(*space) == "preserve") return false;
        bool has_nodes = false;
        for (node_id c = t_.first_child(n); c != no_node; c = t_.next_sibling(c)) {
            if (t_.kind(c) != node_kind::text)
                has_nodes = true;
            else if (!is_blank(t_.text(c)) || !t_.cdata(c).empty())
                return false;
        }
        return has_nodes;
    }

    void name(std::uint16_t prefix, documents::name_id local)
    {
        if (prefix != 0) {
            escape_.plain(t_.prefix(prefix));
            to_ += ':';
        }
        escape_.plain(t_.name(local));
    }

    void attribute(std::string_view name, std::string_view value)
    {
        to_ += ' ';
        escape_.plain(name);
        to_ += "=\"";
        escape_.attribute(value);
        to_ += '"';
    }

    void start(node_id n, bool is_top)
    {
        line();
        to_ += '<';
        name(t_[n].prefix, t_[n].name);
        if (is_top) {
            const element here(t_, n);
            for (const auto& [prefix, uri] : here.nsmap()) {
                const bool is_own = std::any_of(
                    t_.attributes(n).begin(), t_.attributes(n).end(), [&](const auto& a) {
                        return a.space == ns::xmlns &&
                               (a.prefix == 0 ? prefix.empty() : t_.name(a.name) == prefix);
                    });
                if (!is_own) attribute(prefix.empty() ? "xmlns" : "xmlns:" + prefix, uri);
            }
        }
        for (const documents::attribute& a : t_.attributes(n)) {
            to_ += ' ';
            name(a.prefix, a.name);
            to_ += "=\"";
            escape_.attribute(t_.value(a));
            to_ += '"';
        }
    }

    void empty(node_id n)
    {
        if (with_.short_empty_elements()) {
            to_ += "/>";
            return;
        }
        to_ += "></";
        name(t_[n].prefix, t_[n].name);
        to_ += '>';
    }

    void close()
    {
        const open_element closed = open_.back();
        open_.pop_back();
        if (closed.formatted) {
            to_ += '\n';
            for (std::size_t i = 0; i < open_.size(); ++i) to_ += with_.indent();
        }
        to_ += "</";
        name(t_[closed.at].prefix, t_[closed.at].name);
        to_ += '>';
    }

    void leaf(node_id n)
    {
        switch (t_.kind(n)) {
            case node_kind::text: text(n); break;
            case node_kind::comment:
                to_ += "<!--";
                escape_.plain(t_.text(n));
                to_ += "-->";
                break;
            case node_kind::processing_instruction:
                to_ += "<?";
                escape_.plain(t_.local_name(n));
                if (!t_.text(n).empty()) {
                    to_ += ' ';
                    escape_.plain(t_.text(n));
                }
                to_ += "?>";
                break;
            case node_kind::doctype: doctype(n); break;
            default: break;
        }
    }

    void text(node_id n)
    {
        const std::string_view all = t_.text(n);
        std::size_t done = 0;
        for (const documents::cdata_range& section : t_.cdata(n)) {
            escape_.text(all.substr(done, section.from - done));
            cdata(all.substr(section.from, section.length));
            done = section.from + section.length;
        }
        escape_.text(all.substr(done));
    }

    void cdata(std::string_view part)
    {
        to_ += "<![CDATA[";
        for (std::size_t end = part.find("]]>"); end != std::string_view::npos;
             end = part.find("]]>")) {
            escape_.plain(part.substr(0, end + 2));
            to_ += "]]><![CDATA[";
            part.remove_prefix(end + 2);
        }
        escape_.plain(part);
        to_ += "]]>";
    }

    void quoted(std::string_view value)
    {
        const char quote = value.find('"') == std::string_view::npos ? '"' : '\'';
        to_ += quote;
        escape_.plain(value);
        to_ += quote;
    }

    void doctype(node_id n)
    {
        to_ += "<!DOCTYPE ";
        escape_.plain(t_.text(n));
        std::optional<std::string_view> public_id, system_id, internal;
        for (const documents::attribute& a : t_.attributes(n)) {
            const std::string_view name = t_.name(a.name);
            (name == "public" ? public_id : name == "system" ? system_id : internal) = t_.value(a);
        }
        if (public_id) {
            to_ += " PUBLIC ";
            quoted(*public_id);
        } else if (system_id) {
            to_ += " SYSTEM";
        }
        if (system_id) {
            to_ += ' ';
            quoted(*system_id);
        }
        if (internal) {
            to_ += " [";
            escape_.plain(*internal);
            to_ += ']';
        }
        to_ += '>';
    }

    const documents::tree& t_;
    const write_options& with_;
    std::string& to_;
    escaper escape_;
    std::vector<open_element> open_;
};

/// How text leaves: what it is called, its last character, how it becomes bytes.
struct target {
    std::string_view name;  // in the declaration
    char32_t last;
    enum class form : std::uint8_t { utf_8, bytes, utf_16le, utf_16be, utf_16 } as;
};

target find_target(std::string_view encoding)
{
    std::string name(encoding);
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (name == "utf-8" || name == "utf8") return {"utf-8", 0x10FFFF, target::form::utf_8};
    if (name == "us-ascii" || name == "ascii") return {"us-ascii", 0x7F, target::form::bytes};
    if (name == "iso-8859-1" || name == "latin-1" || name == "latin1")
        return {"iso-8859-1", 0xFF, target::form::bytes};
    if (name == "utf-16") return {"utf-16", 0x10FFFF, target::form::utf_16};
    if (name == "utf-16le") return {"utf-16", 0x10FFFF, target::form::utf_16le};
    if (name == "utf-16be") return {"utf-16", 0x10FFFF, target::form::utf_16be};
    throw error(errc::unsupported, "cannot write XML in '" + std::string(encoding) + "'");
}

std::string encoded(std::string text, const target& to)
{
    if (to.as == target::form::utf_8) return text;
    std::string out;
    const auto unit = [&](char32_t u) {
        const char high = static_cast<char>(u >> 8U);
        const char low = static_cast<char>(u & 0xFFU);
        const bool big = to.as == target::form::utf_16be;
        out += big ? high : low;
        out += big ? low : high;
    };
    if (to.as == target::form::utf_16) unit(0xFEFF);
    for (std::size_t at = 0; at < text.size();) {
        const auto c = utf8::decode(text, at);
        at += c.size;
        if (to.as == target::form::bytes) {
            out += static_cast<char>(c.code_point);
        } else if (c.code_point < 0x10000) {
            unit(c.code_point);
        } else {
            unit(0xD800 + ((c.code_point - 0x10000) >> 10U));
            unit(0xDC00 + ((c.code_point - 0x10000) & 0x3FFU));
        }
    }
    return out;
}

std::string written(const document& from, const target& to, const write_options& with)
{
    std::string out;
    out.reserve(from.tree().source().size() + 64);
    const bool declares =
        with.declaration().value_or(with.standalone().has_value() || to.as != target::form::utf_8);
    if (declares) {
        out += "<?xml version=\"1.0\" encoding=\"" + std::string(to.name) + '"';
        if (with.standalone())
            out += *with.standalone() ? " standalone=\"yes\"" : " standalone=\"no\"";
        out += "?>\n";
    }
    writer(from.tree(), with, out, to.last).write(0);
    if (with.pretty()) out += '\n';
    return out;
}

}  // namespace

std::string node::to_xml() const
{
    return write(*this);
}

std::string write(const node& from, const write_options& with)
{
    std::string out;
    writer(from.tree(), with, out, 0x10FFFF).write(from.id());
    return out;
}

std::string write(const document& from, const write_options& with)
{
    return written(from, {"utf-8", 0x10FFFF, target::form::utf_8}, with);
}

std::string write(const document& from, std::string_view encoding, const write_options& with)
{
    const target to = find_target(encoding);
    return encoded(written(from, to, with), to);
}

std::string escape(std::string_view text)
{
    std::string out;
    escaper(out, 0x10FFFF).text(text);
    return out;
}

std::string escape_attribute(std::string_view text)
{
    std::string out;
    escaper(out, 0x10FFFF).attribute(text);
    return out;
}

}  // namespace ferry::xml

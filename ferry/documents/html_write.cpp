#include "ferry/documents/html_write.hpp"

#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/html_tags.hpp"

#include <algorithm>

namespace ferry::html {

namespace {

using documents::no_node;
using documents::node_id;
using documents::tree;
using documents::detail::has_class;
using documents::detail::is_space;
namespace ns = documents::ns;
namespace tag = documents::detail::tag;

class writer {
public:
    writer(const tree& t, const write_options& with) : tree_(t), with_(with) {}

    std::string all(node_id top)
    {
        if (with_.has_doctype()) out_ += "<!DOCTYPE html>";
        const node_id end = tree_.end(top);
        node_id open = top;  // the innermost node whose end tag is owed
        begin(top, top);
        for (node_id n = top + 1; n < end; ++n) {
            for (; tree_.end(open) <= n; open = tree_.parent(open)) close(open);
            begin(n, top);
            open = n;
        }
        for (; open != top; open = tree_.parent(open)) close(open);
        close(top);
        return std::move(out_);
    }

private:
    bool is_html(node_id n, std::uint32_t trait) const noexcept
    {
        return tree_.is_element(n) && tree_[n].space == ns::html &&
               (documents::detail::traits_of(tree_[n].name) & trait) != 0;
    }

    void begin(node_id n, node_id top)
    {
        switch (tree_.kind(n)) {
            case node_kind::document:
            case node_kind::fragment: return;
            case node_kind::element: return start_tag(n, top);
            case node_kind::text: return text(n);
            case node_kind::comment: return comment(n);
            case node_kind::processing_instruction:
                out_.append("<?").append(tree_.local_name(n)).append(" ").append(tree_.text(n));
                out_ += with_.is_xml() ? "?>" : ">";
                return;
            case node_kind::doctype:
                if (!with_.has_doctype())
                    out_.append("<!DOCTYPE ").append(tree_.text(n)).append(">");
        }
    }

    void close(node_id n)
    {
        if (!tree_.is_element(n)) return;
        const bool is_void = is_html(n, documents::detail::is_void);
        if (is_void || (with_.is_xml() && tree_[n].space != ns::html && tree_.end(n) == n + 1))
            return;
        out_.append("</");
        name(tree_.local_name(n));
        out_ += '>';
    }

    /// Names of HTML may hold what XML's may not.
    void name(std::string_view text)
    {
        if (!with_.is_xml()) {
            out_ += text;
            return;
        }
        bool first = true;
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            const bool starts =
                has_class(c, documents::detail::is_letter) || c == '_' || c == ':' || byte >= 0x80;
            const bool good =
                starts || (!first && (c == '-' || c == '.' || (c >= '0' && c <= '9')));
            out_ += good ? c : '_';
            first = false;
        }
    }

    void start_tag(node_id n, node_id top)
    {
        out_ += '<';
        name(tree_.local_name(n));
        const auto space = tree_[n].space;
        const auto own = tree_[n].name;
        if (own == tag::pre || own == tag::textarea || own == tag::listing)
            kept_until_ = std::max(kept_until_, tree_.end(n));
        if (with_.is_xml()) {
            const node_id up = tree_.parent(n);
            const bool inherits = n != top && tree_.is_element(up) && tree_[up].space == space;
            if (!inherits && space != ns::none) attribute("xmlns", tree_.namespace_uri(space));
        }
        bool has_xlink = false;
        for (const auto& a : tree_.attributes(n)) {
            if (with_.is_xml() && (a.space == ns::xmlns || tree_.name(a.name) == "xmlns")) continue;
            if (with_.is_xml() && a.space == ns::xlink && !has_xlink) {
                has_xlink = true;
                attribute("xmlns:xlink", tree_.namespace_uri(ns::xlink));
            }
            const bool is_declaration =
                a.space == ns::xmlns && a.name != tag::xmlns && a.prefix == 0;
            attribute((is_declaration ? "xmlns:" : "") + tree_.qualified_name(a), tree_.value(a));
        }
        if (with_.is_xml() && (is_html(n, documents::detail::is_void) ||
                               (space != ns::html && tree_.end(n) == n + 1)))
            out_ += '/';
        out_ += '>';
    }

    void attribute(std::string_view attribute_name, std::string_view value)
    {
        out_ += ' ';
        name(attribute_name);
        out_ += "=\"";
        escape(value, true);
        out_ += '"';
    }

    void escape(std::string_view text, bool in_attribute)
    {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '&')
                out_ += "&amp;";
            else if (c == '<')
                out_ += "&lt;";
            else if (c == '>')
                out_ += "&gt;";
            else if (c == '"' && in_attribute)
                out_ += "&quot;";
            else if (c == '\xc2' && i + 1 < text.size() && text[i + 1] == '\xa0')
                (out_ += with_.is_xml() ? "&#160;" : "&nbsp;"), ++i;
            else if (with_.is_xml() && in_attribute && (c == '\n' || c == '\t'))
                out_ += c == '\n' ? "&#10;" : "&#9;";
            else if (with_.is_xml() && c >= 0 && c < ' ' && !has_class(c, is_space))
                out_ += "\xef\xbf\xbd";  // no XML can hold it
            else
                out_ += c;
        }
    }

    void text(node_id n)
    {
        const node_id up = tree_.parent(n);
        const bool raw =
            up != no_node &&
            (is_html(up, documents::detail::has_raw_text) ||
             (tree_.scripting() && tree_.is_element(up) && tree_[up].name == tag::noscript));
        if (raw && !with_.is_xml()) {
            out_ += tree_.text(n);
        } else if (!with_.minifies() || raw || n < kept_until_) {
            escape(tree_.text(n), false);
        } else {
            std::string collapsed;
            for (const char c : tree_.text(n)) {
                if (!has_class(c, is_space))
                    collapsed += c;
                else if (collapsed.empty() ? !ends_with_space() : collapsed.back() != ' ')
                    collapsed += ' ';
            }
            if (collapsed == " " && !shows_space(n)) return;
            escape(collapsed, false);
        }
    }

    bool ends_with_space() const noexcept { return out_.empty() || out_.back() == ' '; }

    /// White space alone, between blocks or in what holds no text, is not seen.
    bool shows_space(node_id n) const noexcept
    {
        const auto is_block = [this](node_id e) {
            return e == no_node ||
                   is_html(e, documents::detail::starts_block | documents::detail::belongs_to_head |
                                  documents::detail::is_table_part | documents::detail::is_heading |
                                  documents::detail::end_is_implied_thoroughly);
        };
        const node_id up = tree_.parent(n);
        if (up == no_node || !tree_.is_element(up)) return false;
        if (is_html(up, documents::detail::is_table_part) || tree_[up].name == tag::head ||
            tree_[up].name == tag::html)
            return false;
        const node_id before = tree_.previous_sibling(n);
        const node_id after = tree_.next_sibling(n);
        return !((before != no_node && is_block(before)) || (after != no_node && is_block(after)) ||
                 (is_block(up) && (before == no_node || after == no_node)) ||
                 tree_[up].name == tag::body);
    }

    void comment(node_id n)
    {
        if (with_.minifies()) return;
        std::string text(tree_.text(n));
        if (with_.is_xml()) {
            for (std::size_t at = text.find("--"); at != std::string::npos;
                 at = text.find("--", at))
                text.insert(at + 1, " ");
            if (text.ends_with('-')) text += ' ';
        }
        out_.append("<!--").append(text).append("-->");
    }

    const tree& tree_;
    const write_options& with_;
    std::string out_;
    node_id kept_until_ = 0;  // the end of what keeps its white space
};

}  // namespace

std::string write(const node& of, const write_options& with)
{
    return writer(of.tree(), with).all(of.id());
}

bytes write(const node& of, charset::encoding to, const write_options& with)
{
    return charset::encode_with_references(write(of, with), to);
}

}  // namespace ferry::html

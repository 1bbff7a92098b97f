#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/html.hpp"

#include <algorithm>

// The text of a page, as it is and as it is seen.
namespace ferry::html {

namespace {

using documents::no_node;
using documents::node_id;
using documents::tree;
using documents::detail::has_class;
using documents::detail::is_space;
namespace ns = documents::ns;
namespace tag = documents::detail::tag;

std::string_view stripped(std::string_view text) noexcept
{
    while (!text.empty() && has_class(text.front(), is_space)) text.remove_prefix(1);
    while (!text.empty() && has_class(text.back(), is_space)) text.remove_suffix(1);
    return text;
}

bool is_html(const documents::node& n) noexcept
{
    return n.kind == node_kind::element && n.space == ns::html;
}

/// What is not shown whatever the style sheets say, or is taken off the page by its own attributes.
bool is_hidden(const tree& t, node_id n)
{
    if (!is_html(t[n])) return false;
    switch (t[n].name) {
        case tag::script:
        case tag::style:
        case tag::head:
        case tag::title:
        case tag::template_:
        case tag::noframes:
        case tag::noembed:
        case tag::datalist: return true;
        case tag::noscript: return t.scripting();
        default: break;
    }
    if (t.find_attribute(n, tag::hidden) != nullptr) return true;
    const auto* a = t.find_attribute(n, tag::style);
    if (a == nullptr) return false;
    std::string style;
    for (const char c : t.value(*a))
        if (!has_class(c, is_space)) style += documents::detail::lower(c);
    return style.find("display:none") != std::string::npos;
}

/// How many line ends an element has before and behind it.
int lines_around(const documents::node& n) noexcept
{
    if (!is_html(n)) return 0;
    switch (n.name) {
        case tag::p:
        case tag::h1:
        case tag::h2:
        case tag::h3:
        case tag::h4:
        case tag::h5:
        case tag::h6: return 2;
        case tag::tr:
        case tag::table:
        case tag::caption:
        case tag::option:
        case tag::optgroup:
        case tag::legend:
        case tag::body:
        case tag::html:
        case tag::form:
        case tag::hr:
        case tag::li:
        case tag::dd:
        case tag::dt:
        case tag::pre: return 1;
        default:
            return (documents::detail::traits_of(n.name) & documents::detail::starts_block) != 0
                       ? 1
                       : 0;
    }
}

bool keeps_space(const documents::node& n) noexcept
{
    return is_html(n) && (n.name == tag::pre || n.name == tag::textarea || n.name == tag::listing ||
                          n.name == tag::xmp || n.name == tag::plaintext);
}

/// Puts text together with the white space that is wanted between its parts.
class flow {
public:
    void lines(int n) noexcept { lines_ = std::max(lines_, n); }
    void tab() noexcept { tab_ = true; }
    void line_break()
    {
        settle();
        out_ += '\n';
        space_ = false;
    }
    void collapsed(std::string_view text)
    {
        for (const char c : text) {
            if (has_class(c, is_space)) {
                space_ = true;
                continue;
            }
            settle();
            out_ += c;
        }
    }
    void kept(std::string_view text)
    {
        if (text.empty()) return;
        settle();
        out_ += text;
    }
    std::string finish()
    {
        while (!out_.empty() && has_class(out_.back(), is_space)) out_.pop_back();
        return std::move(out_);
    }

private:
    void settle()
    {
        if (!out_.empty()) {
            if (lines_ > 0) {
                const std::size_t size = out_.size();
                int have = 0;
                while (have < 2 && size > static_cast<std::size_t>(have) &&
                       out_[size - 1 - static_cast<std::size_t>(have)] == '\n')
                    ++have;
                for (; have < lines_; ++have) out_ += '\n';
            } else if (tab_) {
                out_ += '\t';
            } else if (space_ && out_.back() != '\n') {
                out_ += ' ';
            }
        }
        lines_ = 0;
        tab_ = space_ = false;
    }

    std::string out_;
    int lines_ = 0;
    bool space_ = false;
    bool tab_ = false;
};

}  // namespace

std::string node::text(std::string_view separator, bool strip) const
{
    std::string out;
    bool first = true;
    const node_id end = tree_->end(id_);
    for (node_id n = id_; n < end;) {
        const documents::node& here = (*tree_)[n];
        if (here.kind == node_kind::text) {
            const std::string_view all = tree_->text(n);
            const std::string_view part = strip ? stripped(all) : all;
            if (!strip || !part.empty()) {
                if (!first) out += separator;
                out += part;
                first = false;
            }
        }
        n = here.kind == node_kind::fragment && n != id_ ? here.end : n + 1;
    }
    return out;
}

std::string node::visible_text() const
{
    const documents::tree& t = *tree_;
    flow out;
    node_id kept_until = 0;     // the end of what keeps its white space
    std::vector<node_id> open;  // the blocks around
    const auto close = [&](node_id n) {
        while (!open.empty() && t.end(open.back()) <= n) {
            out.lines(lines_around(t[open.back()]));
            open.pop_back();
        }
    };
    const node_id end = t.end(id_);
    for (node_id n = id_; n < end;) {
        const documents::node& here = t[n];
        close(n);
        if (here.kind == node_kind::text) {
            if (n < kept_until)
                out.kept(t.text(n));
            else
                out.collapsed(t.text(n));
        } else if (here.kind == node_kind::fragment ? n != id_ : is_hidden(t, n)) {
            n = here.end;
            continue;
        } else if (is_html(here)) {
            if (here.name == tag::br) out.line_break();
            if ((here.name == tag::td || here.name == tag::th) && t.previous_sibling(n) != no_node)
                out.tab();
            if (keeps_space(here)) kept_until = std::max(kept_until, here.end);
            if (const int lines = lines_around(here); lines > 0) {
                out.lines(lines);
                open.push_back(n);
            }
        }
        ++n;
    }
    return out.finish();
}

std::vector<std::string_view> element::classes() const
{
    std::vector<std::string_view> all;
    std::string_view words = attr("class", {});
    while (!words.empty()) {
        std::size_t size = 0;
        while (size < words.size() && !documents::detail::has_class(words[size], is_space)) ++size;
        const std::string_view word = words.substr(0, size);
        if (size != 0 && std::find(all.begin(), all.end(), word) == all.end()) all.push_back(word);
        words.remove_prefix(std::min(size + 1, words.size()));
    }
    return all;
}

std::vector<element> element::find_class(std::string_view name) const
{
    return css('.' + ferry::css::escape(name));
}

std::vector<element> element::find_rel_links(std::string_view rel) const
{
    std::string quoted;
    for (const char c : rel) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return css("a[href][rel~=\"" + quoted + "\" i]");
}

}  // namespace ferry::html

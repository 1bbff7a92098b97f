#pragma once

#include "ferry/documents/css.hpp"
#include "ferry/documents/element_iterator.hpp"
#include "ferry/documents/tree.hpp"
#include "ferry/documents/xpath.hpp"

#include <cstdint>
#include <iterator>
#include <memory>

/// \file
/// HTML, parsed as the HTML Standard says and browsers do, into the tree of documents/tree.hpp.
///
///     html::document page = html::parse(bytes, "utf-8");
///     auto buyers = page.xpath("//div[@title='buyer-name']/text()").strings();
///     for (html::element link : page.css("a[href]")) visit(link.attr("href", ""), link.text());
namespace ferry::html {

using documents::node_kind;
using documents::quirks_mode;

class element;
class element_range;

/// A node of a document: a pointer and an index, cheap to copy. Valid, as is every view it gives,
/// as long as the document it came from, or a copy of that document, lives.
class node {
public:
    node(const documents::tree& of, documents::node_id id) noexcept : tree_(&of), id_(id) {}

    node_kind kind() const noexcept { return tree_->kind(id_); }
    bool is_element() const noexcept { return tree_->is_element(id_); }
    std::optional<element> as_element() const noexcept;

    /// The text of a text or comment node; for others all text below, scripts and styles included.
    /// As lxml's text_content().
    std::string text() const { return tree_->text_content(id_); }
    /// The texts below with `separator` between them; if `strip`, without white space around each,
    /// and without those that are nothing else. As BeautifulSoup's get_text(separator, strip).
    std::string text(std::string_view separator, bool strip = false) const;
    /// What a reader sees: no scripts, styles or hidden elements; white space collapsed, but in
    /// `pre`; blocks, rows and `br` on lines of their own, an empty line around paragraphs, a tab
    /// between cells. As a browser's innerText, without style sheets.
    std::string visible_text() const;
    /// The text of a text or comment node; empty for others.
    std::string_view data() const noexcept { return tree_->text(id_); }

    std::optional<element> parent() const noexcept;
    std::optional<node> next_sibling() const noexcept { return made(tree_->next_sibling(id_)); }
    std::optional<node> previous_sibling() const noexcept
    {
        return made(tree_->previous_sibling(id_));
    }
    std::optional<node> first_child() const noexcept { return made(tree_->first_child(id_)); }
    std::optional<node> last_child() const noexcept { return made(tree_->last_child(id_)); }
    std::optional<element> next_element() const noexcept;
    std::optional<element> previous_element() const noexcept;

    /// Evaluates an XPath expression with this node as its context. To use one more than once,
    /// compile it: xpath::expression. As lxml's xpath().
    /// \throws parse_error  it is not XPath 1.0.
    ferry::xpath::result xpath(std::string_view expression) const;

    /// The elements below that a selector list matches, in document order. The selectors used last
    /// are remembered compiled. As parsel's css(), BeautifulSoup's select() and a browser's
    /// querySelectorAll().
    /// \throws parse_error, limit_error  as ferry::css::selector.
    std::vector<element> css(std::string_view selector) const;
    std::vector<element> css(const ferry::css::selector& selector,
                             const ferry::css::context& with = ferry::css::context()) const;
    std::vector<element> select(std::string_view selector) const;  ///< css() by its other name
    /// The first of them. As querySelector().
    std::optional<element> select_one(std::string_view selector) const;
    std::optional<element> select_one(
        const ferry::css::selector& selector,
        const ferry::css::context& with = ferry::css::context()) const;
    /// The strings that `::text` and `::attr(x)` name: `a::attr(href)`. As parsel's
    /// css(...).getall().
    std::vector<std::string> select_strings(std::string_view selector) const;
    std::vector<std::string> select_strings(
        const ferry::css::selector& selector,
        const ferry::css::context& with = ferry::css::context()) const;

    /// This node as HTML. HTML Standard section 13.3.
    std::string outer_html() const;
    /// The nodes below as HTML.
    std::string inner_html() const;

    /// Line and column of the start tag in the decoded text; of the document's start for what has
    /// no tag of its own. As lxml's sourceline. Cost: linear in the offset.
    text_position position() const noexcept { return tree_->position(id_); }

    const documents::tree& tree() const noexcept { return *tree_; }
    documents::node_id id() const noexcept { return id_; }

    friend bool operator==(const node& a, const node& b) noexcept
    {
        return a.tree_ == b.tree_ && a.id_ == b.id_;
    }

private:
    std::optional<node> made(documents::node_id id) const noexcept
    {
        return id == documents::no_node ? std::nullopt : std::optional(node(*tree_, id));
    }

    const documents::tree* tree_;
    documents::node_id id_;
};

/// An attribute as it is read: its qualified name and its value.
struct attribute {
    std::string name;
    std::string_view value;
};

class element : public node {
public:
    using node::node;

    /// Lower case for HTML, as written by the Standard for SVG (`foreignObject`).
    std::string_view name() const noexcept { return tree().local_name(id()); }
    std::string_view namespace_uri() const noexcept
    {
        return tree().namespace_uri(tree()[id()].space);
    }

    /// The value of an attribute, entities decoded. Names of HTML attributes are in lower case.
    std::optional<std::string_view> attr(std::string_view name) const noexcept
    {
        return tree().attribute_value(id(), name);
    }
    /// The value, or `otherwise`.
    std::string_view attr(std::string_view name, std::string_view otherwise) const noexcept
    {
        return attr(name).value_or(otherwise);
    }
    bool has_attr(std::string_view name) const noexcept { return attr(name).has_value(); }
    std::vector<attribute> attributes() const;
    bool matches(std::string_view selector) const;
    bool matches(const ferry::css::selector& selector,
                 const ferry::css::context& with = ferry::css::context()) const;
    /// This element or the nearest around it that matches.
    std::optional<element> closest(std::string_view selector) const;
    std::optional<element> closest(const ferry::css::selector& selector,
                                   const ferry::css::context& with = ferry::css::context()) const;
    /// A selector that matches this element alone: `#menu > li:nth-of-type(2)`.
    std::string css_path() const { return ferry::css::path_of(tree(), id()); }

    /// The words of the attribute `class`, each once. As lxml's `classes`.
    std::vector<std::string_view> classes() const;
    /// The elements below that have a class, or the links that have a word in `rel`. As lxml's
    /// find_class() and find_rel_links().
    std::vector<element> find_class(std::string_view name) const;
    std::vector<element> find_rel_links(std::string_view rel) const;
    /// Whether `name` is one of the words of the attribute `class`.
    bool has_class(std::string_view name) const noexcept;

    /// The child elements.
    element_range children() const noexcept;
    /// The elements below, in document order; those of one name if it is given. The contents of a
    /// `template` are not below it.
    element_range descendants(std::string_view name = {}) const noexcept;
    /// The element below (or this one) with that `id`, the first in document order.
    std::optional<element> find_by_id(std::string_view id) const noexcept;
    /// The contents of a `template` element.
    std::optional<node> template_content() const noexcept;
};

/// Elements in document order; a forward range. Valid as long as the document.
class element_range {
public:
    using iterator = documents::element_iterator<element_range, element>;

    iterator begin() const noexcept { return {this, first()}; }
    iterator end() const noexcept { return {this, documents::no_node}; }
    bool empty() const noexcept { return first() == documents::no_node; }

private:
    friend class element;
    friend iterator;
    element_range(const documents::tree& of, documents::node_id parent, bool deep,
                  std::optional<documents::name_id> name) noexcept
        : tree_(&of), parent_(parent), deep_(deep), name_(name)
    {
    }
    documents::node_id first() const noexcept;
    documents::node_id after(documents::node_id at) const noexcept;
    documents::node_id settle(documents::node_id at) const noexcept;

    const documents::tree* tree_;
    documents::node_id parent_;
    bool deep_;
    std::optional<documents::name_id> name_;
};

/// One parse error, a deviation from the Standard's syntax that was repaired as it says.
struct problem {
    std::string_view code;   ///< the Standard's name: `unexpected-null-character`
    std::size_t offset = 0;  ///< in source()
};

/// A parsed document. Copies share the tree, which never changes; several threads may read it.
class document {
public:
    const documents::tree& tree() const noexcept { return *tree_; }
    /// The document node.
    node top() const noexcept { return {*tree_, 0}; }
    /// The `html` element; for a fragment its first element.
    /// \throws lookup_error  a fragment without elements.
    element root() const;
    std::optional<element> head() const noexcept { return below_root("head"); }
    /// The `body`, or the `frameset` that stands for it.
    std::optional<element> body() const noexcept;
    /// The text of the first `title`, white space stripped and collapsed; empty without one.
    std::string title() const;
    std::optional<element> find_by_id(std::string_view id) const noexcept;
    /// As lxml's get_element_by_id(). \throws lookup_error  there is none.
    element get_element_by_id(std::string_view id) const;
    /// The top-level nodes of a fragment in order.
    std::vector<node> children() const;

    std::string text() const { return top().text(); }
    /// As node::xpath() from the document node: `//a/@href`.
    ferry::xpath::result xpath(std::string_view expression) const
    {
        return top().xpath(expression);
    }
    /// As node::css() and its relatives, from the document node.
    std::vector<element> css(std::string_view selector) const { return top().css(selector); }
    std::vector<element> css(const ferry::css::selector& selector,
                             const ferry::css::context& with = ferry::css::context()) const
    {
        return top().css(selector, with);
    }
    std::vector<element> select(std::string_view selector) const { return top().css(selector); }
    std::optional<element> select_one(std::string_view selector) const
    {
        return top().select_one(selector);
    }
    std::vector<std::string> select_strings(std::string_view selector) const
    {
        return top().select_strings(selector);
    }
    /// The whole document as HTML.
    std::string to_html() const { return top().inner_html(); }

    quirks_mode quirks() const noexcept { return tree_->quirks(); }
    /// The encoding the bytes were decoded from, by its WHATWG name in lower case.
    const std::string& encoding() const noexcept { return encoding_; }
    /// The parse errors, if options::collect_errors() asked for them; in source order.
    const std::vector<problem>& errors() const noexcept;
    /// The decoded text that positions refer to.
    std::string_view source() const noexcept { return tree_->source(); }

private:
    friend class parser;
    friend class edits;
    document() = default;
    std::optional<element> below_root(std::string_view name) const noexcept;

    std::shared_ptr<const documents::tree> tree_;
    std::shared_ptr<const std::vector<problem>> errors_;  // null if there are none
    std::string encoding_;
};

/// Whose tree a page becomes.
enum class compat : std::uint8_t {
    standard,  ///< the HTML Standard's, that of browsers
    /// That of lxml and libxml2, for XPath that was written for it: no `tbody` that is not written,
    /// names of SVG in lower case, text where it stands in tables. Positions are not known, errors
    /// not kept, and time not linear for hostile pages.
    lxml,
};

/// How to parse. Defaults never throw for content: any bytes give a document, in time and memory
/// linear in their number. To keep that promise two guards replace what the Standard leaves
/// unbounded: at most 128 formatting elements are open at once, and the copies and moves that
/// misnested formatting needs have a budget in proportion to the input. tree::limited() tells when
/// a guard took effect; no page that people wrote comes near them.
class options {
public:
    /// 1 GiB.
    static constexpr std::size_t default_max_bytes = std::size_t{1} << 30;

    options() = default;
    /// Parse `noscript` as a browser that runs scripts does. Default: false.
    options& scripting(bool on)
    {
        scripting_ = on;
        return *this;
    }
    /// Guess the encoding of bytes that are not UTF-8 and whose encoding nothing names, by what
    /// languages look like in it, instead of taking windows-1252. A guess may be wrong. Default:
    /// false. As charset_normalizer.
    options& detect_encoding(bool on)
    {
        detect_encoding_ = on;
        return *this;
    }
    bool detect_encoding() const noexcept { return detect_encoding_; }
    /// compat::standard by default.
    options& compat(html::compat with)
    {
        compat_ = with;
        return *this;
    }
    /// The most elements open at once; more throw limit_error `max_depth`. 0: no limit, the
    /// default; the tree, its search and its serialisation use no stack space a level.
    options& max_depth(std::size_t n)
    {
        max_depth_ = n;
        return *this;
    }
    /// The most bytes of input, and of it decoded; more throw limit_error `max_bytes`.
    options& max_bytes(std::size_t n)
    {
        max_bytes_ = n;
        return *this;
    }
    /// Keep the parse errors: document::errors(). Default: false.
    options& collect_errors(bool on)
    {
        collect_errors_ = on;
        return *this;
    }

private:
    friend class parser;
    html::compat compat_ = html::compat::standard;
    bool scripting_ = false;
    bool collect_errors_ = false;
    bool detect_encoding_ = false;
    std::size_t max_depth_ = 0;
    std::size_t max_bytes_ = default_max_bytes;
};

/// Parses a document. HTML Standard section 13.2. As lxml.html.document_fromstring() and
/// html5lib.parse(), with the latter's tree.
/// \param text  UTF-8; what is not is replaced by U+FFFD.
/// \throws limit_error  `max_bytes`, or `max_depth` if that was set.
document parse(std::string_view text, const options& with = options());

/// The same from bytes. The encoding is that of a byte order mark, else `charset`, else of the
/// first `meta` that names one, else UTF-8 if the bytes are valid UTF-8, else windows-1252. A
/// `meta` after the first 1024 bytes costs a second parse.
/// \param charset  what the transport says, such as HTTP's `charset`; any WHATWG label. Empty or
///                 unknown: nothing.
document parse(std::span<const std::byte> bytes, std::string_view charset = {},
               const options& with = options());

/// Parses what would be assigned to `innerHTML` of an element of that name, such as `td`, or
/// `svg path` for `path` in SVG. HTML Standard section 13.4. As html5lib.parseFragment().
/// The document has the top-level nodes as children of its document node.
document parse_fragment(std::string_view text, std::string_view context = "body",
                        const options& with = options());

}  // namespace ferry::html

#pragma once

#include "ferry/documents/element_iterator.hpp"
#include "ferry/documents/tree.hpp"
#include "ferry/documents/xpath.hpp"

#include <filesystem>
#include <iterator>
#include <map>
#include <memory>

/// \file
/// XML 1.0 (fifth edition) with Namespaces 1.0, read into the tree of documents/tree.hpp.
///
///     xml::document doc = xml::parse(bytes);
///     for (xml::element book : doc.root().findall("book[@lang='en']"))
///         print(book.get("id", "?"), book.findtext("title", ""));
///
/// What a parser made never changes, which is what makes it compact and safe to share: to edit,
/// take a copy with xml::draft (xml_draft.hpp). Writing: xml_write.hpp; canonical form:
/// xml_canonical.hpp; documents larger than memory: xml_stream.hpp; schemas: xml_schema.hpp.
namespace ferry::xml {

using documents::node_kind;

/// The text is not well-formed.
class parse_error : public ferry::parse_error {
public:
    parse_error(std::string_view message, text_position where, std::string excerpt,
                std::string path);

    /// The elements that were open, outermost first: `/catalog/book`.
    const std::string& path() const noexcept { return *path_; }

private:
    std::shared_ptr<const std::string> path_;
};

/// A name as XML has it: `{uri}local`, and the prefix it was written with.
struct name {
    std::string_view uri;
    std::string_view local;
    std::string_view prefix;

    /// `{uri}local`, or `local` without a namespace: ElementTree's form.
    std::string clark() const;
    friend bool operator==(const name& a, const name& b) noexcept
    {
        return a.uri == b.uri && a.local == b.local;
    }
};

/// An attribute as it is read.
struct attribute {
    xml::name name;
    std::string_view value;
};

/// Prefixes and what they stand for; the key "" is the default namespace.
using ns_map = std::map<std::string, std::string, std::less<>>;

class element;
class element_range;

/// A node of a document: a pointer and an index, cheap to copy. Valid, as is every view it gives,
/// as long as the document it came from, or a copy of that document, lives.
class node {
public:
    node(const documents::tree& of, documents::node_id id) noexcept : tree_(&of), id_(id) {}

    node_kind kind() const noexcept { return tree_->kind(id_); }
    bool is_element() const noexcept { return tree_->is_element(id_); }
    bool is_text() const noexcept { return kind() == node_kind::text; }
    bool is_comment() const noexcept { return kind() == node_kind::comment; }
    std::optional<element> as_element() const noexcept;

    /// The text of a text, comment or processing instruction node; empty for others.
    std::string_view data() const noexcept { return tree_->text(id_); }
    /// The target of a processing instruction; empty for others.
    std::string_view target() const noexcept
    {
        return kind() == node_kind::processing_instruction ? tree_->local_name(id_)
                                                           : std::string_view();
    }
    /// All text below; of a text or comment node its own. As `"".join(e.itertext())`.
    std::string text_content() const { return tree_->text_content(id_); }
    /// The text between this element, comment or instruction and its next sibling of these kinds.
    std::string_view tail() const noexcept;

    std::optional<element> parent() const noexcept;
    std::optional<node> next_sibling() const noexcept { return made(tree_->next_sibling(id_)); }
    std::optional<node> previous_sibling() const noexcept
    {
        return made(tree_->previous_sibling(id_));
    }
    std::optional<node> first_child() const noexcept { return made(tree_->first_child(id_)); }
    /// The child nodes of every kind, as the DOM has them.
    std::vector<node> child_nodes() const;
    std::optional<element> next_element() const noexcept;
    std::optional<element> previous_element() const noexcept;

    /// Evaluates an XPath expression with this node as its context. To use one more than once,
    /// compile it: xpath::expression. As lxml's xpath().
    /// \throws parse_error  it is not XPath 1.0, or uses a prefix that `with` does not bind.
    ferry::xpath::result xpath(std::string_view expression,
                               const ferry::xpath::context& with = {}) const;

    /// This node as XML, in UTF-8, without a declaration; see xml_write.hpp for more.
    std::string to_xml() const;

    /// Where the start tag, comment or instruction begins. Cost: linear in the offset.
    text_position position() const noexcept { return tree_->position(id_); }
    /// As lxml's sourceline.
    std::size_t sourceline() const noexcept { return position().line; }

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

class element : public node {
public:
    using node::node;

    /// `{uri}local`, as ElementTree's `tag`.
    std::string tag() const { return name().clark(); }
    xml::name name() const noexcept;
    std::string_view local_name() const noexcept { return tree().local_name(id()); }
    std::string_view namespace_uri() const noexcept
    {
        return tree().namespace_uri(tree()[id()].space);
    }

    /// The value of the attribute of that name, `local` or `{uri}local`.
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::string_view get(std::string_view name, std::string_view otherwise) const noexcept
    {
        return get(name).value_or(otherwise);
    }
    /// The attributes in the order they were written, declarations of namespaces left out.
    std::vector<attribute> attrib() const;

    /// The text before the first child element, comment or instruction.
    std::string_view text() const noexcept;
    /// The texts below in document order. As `itertext()`.
    std::vector<std::string_view> itertext() const;

    /// The child elements.
    element_range children() const noexcept;
    /// This element and those below in document order; of that tag, `*` or `{*}local` if given.
    element_range iter(std::string_view tag = "*") const;

    /// The first element that an ElementTree path selects: `book[@id='b1']/title`,
    /// `.//{uri}item[2]`, `c:item` with `{"c": uri}`, `*`, `..`, `.`; predicates `[@a]`,
    /// `[@a='v']`, `[@a!='v']`, `[tag]`, `[tag='text']`, `[.='text']`, `[3]`, `[last()]`,
    /// `[last()-1]`.
    /// \throws parse_error  it is no such path, or has a prefix that `with` does not bind.
    std::optional<element> find(std::string_view path, const ns_map& with = {}) const;
    /// All of them, in document order.
    std::vector<element> findall(std::string_view path, const ns_map& with = {}) const;
    /// The text() of find(path), or `otherwise` if there is no such element.
    std::string findtext(std::string_view path, std::string_view otherwise = {},
                         const ns_map& with = {}) const;

    /// The namespaces in scope by prefix, `xml` left out. As lxml's nsmap.
    ns_map nsmap() const;
};

/// Elements in document order; an input range. Valid as long as the document.
class element_range {
public:
    using iterator = documents::element_iterator<element_range, element>;

    iterator begin() const noexcept { return {this, settle(first_)}; }
    iterator end() const noexcept { return {this, documents::no_node}; }
    bool empty() const noexcept { return settle(first_) == documents::no_node; }
    /// Cost: linear.
    std::size_t size() const noexcept;

private:
    friend class element;
    friend iterator;
    element_range(const documents::tree& of, documents::node_id first, documents::node_id end,
                  bool deep) noexcept
        : tree_(&of), first_(first), end_(end), deep_(deep)
    {
    }
    documents::node_id after(documents::node_id at) const noexcept;
    documents::node_id settle(documents::node_id at) const noexcept;

    const documents::tree* tree_;
    documents::node_id first_;
    documents::node_id end_;  // of the subtree, if deep
    bool deep_;
    std::optional<documents::name_id> name_;
    std::optional<documents::namespace_id> space_;
};

/// What was not well-formed, and was put right because options::recover() asked for it.
struct problem {
    std::string message;
    text_position where;
};

/// The declaration `<?xml version="1.0" encoding="utf-8" standalone="yes"?>`.
struct declaration {
    std::string version;   ///< empty: there is none
    std::string encoding;  ///< empty: not named
    std::optional<bool> standalone;
};

/// A parsed document. Copies share the tree, which never changes; several threads may read it.
class document {
public:
    const documents::tree& tree() const noexcept { return *tree_; }
    /// The document node.
    node top() const noexcept { return {*tree_, 0}; }
    /// The document's element. \throws lookup_error  there is none (only after recover()).
    element root() const;
    std::optional<element> find(std::string_view path, const ns_map& with = {}) const
    {
        return root().find(path, with);
    }
    std::vector<element> findall(std::string_view path, const ns_map& with = {}) const
    {
        return root().findall(path, with);
    }
    /// From the document node: `//book/@id`.
    ferry::xpath::result xpath(std::string_view expression,
                               const ferry::xpath::context& with = {}) const
    {
        return top().xpath(expression, with);
    }
    /// The whole document in UTF-8, without a declaration; see xml_write.hpp for more.
    std::string to_xml() const { return top().to_xml(); }

    const xml::declaration& declaration() const noexcept { return info_->declared; }
    /// The encoding the bytes were decoded from, in lower case.
    const std::string& encoding() const noexcept { return info_->encoding; }
    /// What options::recover() put right, in the order it was met.
    const std::vector<problem>& problems() const noexcept { return info_->problems; }
    /// The decoded text that positions refer to: UTF-8, line ends made LF.
    std::string_view source() const noexcept { return tree_->source(); }

private:
    friend class parser;
    friend class draft;
    friend class stream;
    struct information {
        xml::declaration declared;
        std::string encoding;
        std::vector<problem> problems;
    };
    document(std::shared_ptr<const documents::tree> tree, std::shared_ptr<const information> info)
        : tree_(std::move(tree)), info_(std::move(info))
    {
    }

    std::shared_ptr<const documents::tree> tree_;
    std::shared_ptr<const information> info_;
};

/// What happens to a reference to an entity that the document itself declares. Entities outside of
/// the document are never read: no file, no network, no external DTD.
enum class entities : std::uint8_t {
    refuse,  ///< it is an error, the default
    skip,    ///< it leaves nothing
    expand,  ///< it is replaced, within the limits
};

/// How to parse, and the limits of what is accepted.
class options {
public:
    static constexpr std::size_t default_max_bytes = std::size_t{1} << 30;
    static constexpr std::size_t default_max_depth = 256;
    static constexpr std::size_t default_max_attributes = 1024;
    static constexpr std::size_t default_max_name_bytes = std::size_t{64} << 10;
    static constexpr std::size_t default_max_text_bytes = std::size_t{64} << 20;
    static constexpr std::size_t default_max_expansions = 10'000;
    static constexpr std::size_t default_max_amplification = 10;
    /// What entities may always become, however small the document is.
    static constexpr std::size_t free_expansion_bytes = std::size_t{64} << 10;

    options() = default;

    options& entities(xml::entities what)
    {
        entities_ = what;
        return *this;
    }
    /// A reference to an entity that is not read leaves nothing, as XML 1.0 section 4.4.3 lets a
    /// non-validating processor do. Default: false, it is an error.
    options& skip_unread(bool on)
    {
        skip_unread_ = on;
        return *this;
    }
    /// A document that declares an entity is refused, whether it is used or not. As defusedxml's
    /// forbid_entities. Default: false.
    options& forbid_entities(bool on)
    {
        forbid_entities_ = on;
        return *this;
    }
    /// Names are `prefix:local` with a declared prefix. Default: true. Without, a colon is a
    /// character like others, and `xmlns` an attribute like others.
    options& namespaces(bool on)
    {
        namespaces_ = on;
        return *this;
    }
    /// Remember which text was written as CDATA, for the writer: tree::cdata(). Default: false.
    options& keep_cdata(bool on)
    {
        keep_cdata_ = on;
        return *this;
    }
    options& keep_comments(bool on)
    {
        keep_comments_ = on;
        return *this;
    }
    options& keep_instructions(bool on)
    {
        keep_instructions_ = on;
        return *this;
    }
    /// Leave out text between elements that is white space alone. As lxml's remove_blank_text.
    options& remove_blank_text(bool on)
    {
        remove_blank_text_ = on;
        return *this;
    }
    /// Put right what is not well-formed, as far as can be guessed, and list it in
    /// document::problems(). Limits still throw. As lxml's `recover`. Default: false.
    options& recover(bool on)
    {
        recover_ = on;
        return *this;
    }

    // Limits: passing one throws limit_error with that name.
    options& max_bytes(std::size_t n)
    {
        max_bytes_ = n;
        return *this;
    }
    /// Elements in each other.
    options& max_depth(std::size_t n)
    {
        max_depth_ = n;
        return *this;
    }
    /// Attributes of one element.
    options& max_attributes(std::size_t n)
    {
        max_attributes_ = n;
        return *this;
    }
    options& max_name_bytes(std::size_t n)
    {
        max_name_bytes_ = n;
        return *this;
    }
    /// Bytes of one text, comment, instruction or attribute.
    options& max_text_bytes(std::size_t n)
    {
        max_text_bytes_ = n;
        return *this;
    }
    /// References to entities in the whole document, those inside of entities too.
    options& max_expansions(std::size_t n)
    {
        max_expansions_ = n;
        return *this;
    }
    /// How many times larger than the document its entities may become.
    options& max_amplification(std::size_t n)
    {
        max_amplification_ = n;
        return *this;
    }

    xml::entities entities() const noexcept { return entities_; }
    bool skip_unread() const noexcept { return skip_unread_; }
    bool forbid_entities() const noexcept { return forbid_entities_; }
    bool namespaces() const noexcept { return namespaces_; }
    bool keep_cdata() const noexcept { return keep_cdata_; }
    bool keep_comments() const noexcept { return keep_comments_; }
    bool keep_instructions() const noexcept { return keep_instructions_; }
    bool remove_blank_text() const noexcept { return remove_blank_text_; }
    bool recover() const noexcept { return recover_; }
    std::size_t max_bytes() const noexcept { return max_bytes_; }
    std::size_t max_depth() const noexcept { return max_depth_; }
    std::size_t max_attributes() const noexcept { return max_attributes_; }
    std::size_t max_name_bytes() const noexcept { return max_name_bytes_; }
    std::size_t max_text_bytes() const noexcept { return max_text_bytes_; }
    std::size_t max_expansions() const noexcept { return max_expansions_; }
    std::size_t max_amplification() const noexcept { return max_amplification_; }

private:
    xml::entities entities_ = xml::entities::refuse;
    bool skip_unread_ = false;
    bool forbid_entities_ = false;
    bool namespaces_ = true;
    bool keep_cdata_ = false;
    bool keep_comments_ = true;
    bool keep_instructions_ = true;
    bool remove_blank_text_ = false;
    bool recover_ = false;
    std::size_t max_bytes_ = default_max_bytes;
    std::size_t max_depth_ = default_max_depth;
    std::size_t max_attributes_ = default_max_attributes;
    std::size_t max_name_bytes_ = default_max_name_bytes;
    std::size_t max_text_bytes_ = default_max_text_bytes;
    std::size_t max_expansions_ = default_max_expansions;
    std::size_t max_amplification_ = default_max_amplification;
};

/// Parses a document that is text already; the encoding that its declaration names does not
/// matter. As lxml.etree.fromstring(), ElementTree.fromstring().
/// \param text  UTF-8.
/// \throws parse_error  it is not well-formed XML, or not with Namespaces 1.0.
/// \throws limit_error  one of the options' limits was passed.
document parse(std::string_view text, const options& with = options());

/// The same from bytes. The encoding is that of the byte order mark, else `charset`, else the one
/// the declaration names, else UTF-8 (RFC 7303; XML 1.0 appendix F): those of the WHATWG Encoding
/// Standard, but ISO-8859-1 and US-ASCII as they are; UTF-32; and what else ICU has by an IANA
/// name, EBCDIC too.
/// \param charset  what the transport says, such as HTTP's `charset`. Empty: nothing.
/// \throws parse_error  also for an unknown encoding, for bytes that are malformed in it, and for a
///                      declaration that contradicts the byte order mark.
document parse(std::span<const std::byte> bytes, std::string_view charset = {},
               const options& with = options());

/// The same from a file. \throws error  it cannot be read.
document parse_file(const std::filesystem::path& file, const options& with = options());

}  // namespace ferry::xml

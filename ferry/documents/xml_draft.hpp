#pragma once

#include "ferry/documents/xml_write.hpp"

/// \file
/// Documents that are made or changed.
///
///     xml::draft d("catalog");
///     auto book = d.root().append("book");
///     book.set("id", "b1");
///     book.append("title").set_text("A & B");
///     std::string text = d.to_xml();
///
/// A parsed document never changes. A draft is a tree of its own with links instead of an arena: it
/// takes a copy of what it starts from, in linear time, and finish() makes a document again, for
/// XPath, canonical form and schemas. As ElementTree, but for the tree that keeps track of parents.
namespace ferry::xml {

class draft {
public:
    class element;

    /// \param root  `local` or `{uri}local`. \throws error  it is no such name.
    explicit draft(std::string_view root);
    explicit draft(const document& from);
    /// With that element as the root.
    explicit draft(const xml::element& from);
    draft(draft&&) noexcept;
    draft& operator=(draft&&) noexcept;
    ~draft();

    element root() const;
    /// The prefix for a namespace that has none where it is used. As register_namespace().
    void register_namespace(std::string prefix, std::string uri);

    /// The document as it is now. Namespaces get declarations where they lack them.
    document finish() const;
    std::string to_xml() const { return finish().to_xml(); }
    std::string write(const write_options& with) const { return xml::write(finish(), with); }

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// An element, comment or instruction in a draft: valid as long as the draft, a removed one too.
class draft::element {
public:
    /// `{uri}local`; empty for comments and instructions.
    std::string tag() const;
    /// \throws error  it is no `local` or `{uri}local`.
    void set_tag(std::string_view tag);

    std::optional<std::string> get(std::string_view name) const;
    /// \throws error  the name is none, or the value has characters that XML does not allow.
    element& set(std::string_view name, std::string_view value);
    /// \returns whether it was there.
    bool unset(std::string_view name);
    std::vector<std::pair<std::string, std::string>> attrib() const;

    /// The text before the first child, and the one behind this element. Of a comment or
    /// instruction text() is what it says.
    const std::string& text() const;
    const std::string& tail() const;
    element& set_text(std::string_view text);
    element& set_tail(std::string_view text);
    std::string text_content() const;

    std::optional<element> parent() const;
    std::optional<element> next_element() const;
    std::optional<element> previous_element() const;
    std::vector<element> children() const;
    /// This element and those below of that tag, in document order.
    std::vector<element> iter(std::string_view tag = "*") const;
    /// As xml::element::find().
    std::optional<element> find(std::string_view path, const ns_map& with = {}) const;
    std::vector<element> findall(std::string_view path, const ns_map& with = {}) const;
    std::string findtext(std::string_view path, std::string_view otherwise = {},
                         const ns_map& with = {}) const;

    /// Adds a new child at the end. As SubElement().
    element append(std::string_view tag);
    /// Moves an element of this draft, with its tail, to the end.
    /// \throws error  it is this element, or this element is below it.
    void append(const element& child);
    /// The same in front of the child of that place; behind the last, at the end.
    element insert(std::size_t index, std::string_view tag);
    void insert(std::size_t index, const element& child);
    /// A copy of a node of any document, at the end.
    element append_copy(const node& of);
    element append_comment(std::string_view text);
    element append_instruction(std::string_view target, std::string_view data);
    /// Takes a child out, with its tail. \throws lookup_error  it is no child of this.
    void remove(const element& child);
    /// Puts another in the place of a child.
    void replace(const element& child, const element& by);
    /// Takes out the children, attributes and texts. As clear().
    void clear();
    /// Declares a prefix on this element, whether it is used or not; empty: the default namespace.
    void declare(std::string prefix, std::string uri);

    friend bool operator==(const element& a, const element& b) noexcept
    {
        return a.of_ == b.of_ && a.id_ == b.id_;
    }

private:
    friend class draft;
    element(impl* of, documents::node_id id) noexcept : of_(of), id_(id) {}

    impl* of_;
    documents::node_id id_;
};

}  // namespace ferry::xml

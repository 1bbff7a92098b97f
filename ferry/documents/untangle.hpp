#pragma once

#include "ferry/documents/xml.hpp"

/// \file
/// XML as objects that are walked by name, as Python's untangle gives it.
///
///     auto obj = untangle::parse("<root><child name='child1'/></root>");
///     obj["root"]["child"]["@name"]                  // == "child1"
///     for (auto child : obj["root"]["child"]) ...    // one or many
namespace ferry::untangle {

/// An element, the elements of one name below another, or an attribute. Cheap to copy; keeps the
/// document alive. Where untangle gives an element or a list, this is both: what is asked of
/// several elements is answered by the first, and iteration goes over all of them.
class object {
public:
    /// The child elements of that name, `@name` the attribute. The name is the one in the document
    /// or untangle's: `-`, `.` and `:` may be `_`, and a keyword of Python may have a `_` behind.
    /// \throws lookup_error  there is none, naming the path. (In untangle a missing attribute is
    ///                       None: see attr().)
    object operator[](std::string_view name) const;
    object operator[](const char* name) const { return (*this)[std::string_view(name)]; }
    /// The element of that place among those of this name. \throws lookup_error
    object operator[](std::size_t index) const;
    object operator[](int index) const { return (*this)[static_cast<std::size_t>(index)]; }
    /// Several steps: `root.child@name`, `root.child[1]`. \throws lookup_error
    object at(std::string_view path) const;
    /// Whether operator[] would find it. As `name in obj`.
    bool contains(std::string_view name) const;

    /// The value of an attribute by its name in the document; nothing if there is none. As
    /// `obj['name']`.
    std::optional<std::string> attr(std::string_view name) const;
    /// All attributes in the order of the document.
    std::vector<std::pair<std::string, std::string>> attributes() const;
    /// The element's own text, that of its children left out; an attribute's value.
    std::string cdata() const;
    /// The name in the document; of an attribute with its `@`.
    std::string name() const;
    /// The child elements in the order of the document.
    std::vector<object> children() const;
    /// Those of one name, none if there are none. As `get_elements(name)`.
    std::vector<object> get_elements(std::string_view name) const;
    /// The number of child elements. As `len(obj)` of an element.
    std::size_t size() const { return children().size(); }
    /// How many elements of this name there are here.
    std::size_t count() const noexcept { return nodes_.size(); }
    /// As an element of untangle, which is true even if it is empty.
    explicit operator bool() const noexcept { return true; }

    /// Over the elements of this name.
    class iterator {
    public:
        using value_type = object;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;
        using reference = object;
        using pointer = void;

        iterator() = default;
        object operator*() const { return (*of_)[index_]; }
        iterator& operator++() noexcept
        {
            ++index_;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator old = *this;
            ++index_;
            return old;
        }
        friend bool operator==(const iterator& a, const iterator& b) noexcept
        {
            return a.index_ == b.index_;
        }

    private:
        friend class object;
        iterator(const object& of, std::size_t index) noexcept : of_(&of), index_(index) {}
        const object* of_ = nullptr;
        std::size_t index_ = 0;
    };
    iterator begin() const& noexcept { return {*this, 0}; }
    iterator end() const& noexcept { return {*this, nodes_.size()}; }

    /// By cdata(), as untangle compares.
    friend bool operator==(const object& a, std::string_view text) { return a.cdata() == text; }

    /// The element in the tree that everything comes from.
    xml::node node() const noexcept { return {document_.tree(), nodes_.front()}; }

private:
    friend object make(xml::document of);
    object(xml::document of, std::vector<documents::node_id> nodes, std::string path)
        : document_(std::move(of)), nodes_(std::move(nodes)), path_(std::move(path))
    {
    }
    std::vector<documents::node_id> find(std::string_view name) const;
    [[noreturn]] void missing(std::string_view what) const;

    xml::document document_;
    std::vector<documents::node_id> nodes_;
    std::uint32_t attribute_ = ferry::xpath::node::no_attribute;
    std::string path_;  // for errors
};

/// Parses a text. The object stands for the document: `parse(t)["root"]`. Entities that the
/// document declares are refused, whether they are used or not, as untangle refuses them;
/// a DOCTYPE alone is accepted. Prefixes of names are kept, namespaces are not looked at.
/// \throws parse_error, limit_error  as xml::parse().
object parse(std::string_view text);
object parse(std::span<const std::byte> bytes, std::string_view charset = {});
/// A file. untangle guesses from its one argument whether it is a text, a file or a URL; for the
/// latter there is untangle::parse_url() in ferry/http/untangle.hpp.
object parse_file(const std::filesystem::path& file);

}  // namespace ferry::untangle

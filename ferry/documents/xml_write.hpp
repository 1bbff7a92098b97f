#pragma once

#include "ferry/documents/xml.hpp"

#include <iosfwd>

/// \file
/// XML as text and bytes.
///
///     std::string text = xml::write(doc, xml::write_options().pretty(true).declaration(true));
namespace ferry::xml {

/// What write() makes of a document. The calls can be chained.
class write_options {
public:
    write_options() = default;

    /// Line ends and indentation between elements. An element with text other than white space
    /// among its children, and one with `xml:space="preserve"`, is written as it is, with all below
    /// it. As lxml's pretty_print, ElementTree.indent().
    write_options& pretty(bool on)
    {
        pretty_ = on;
        return *this;
    }
    /// Two spaces by default; implies pretty().
    write_options& indent(std::string text)
    {
        indent_ = std::move(text);
        pretty_ = true;
        return *this;
    }
    /// `<?xml version="1.0" encoding="..."?>` in front. Default: only for encodings other than
    /// UTF-8. As `xml_declaration`.
    write_options& declaration(bool on)
    {
        declaration_ = on;
        return *this;
    }
    /// Says so in the declaration, which it asks for.
    write_options& standalone(bool yes)
    {
        standalone_ = yes;
        return *this;
    }
    /// `<a/>` for elements without content, the default, or `<a></a>`. As `short_empty_elements`.
    write_options& short_empty_elements(bool on)
    {
        short_empty_ = on;
        return *this;
    }
    /// Whether the DOCTYPE is written. Default: true.
    write_options& doctype(bool on)
    {
        doctype_ = on;
        return *this;
    }

    bool pretty() const noexcept { return pretty_; }
    const std::string& indent() const noexcept { return indent_; }
    std::optional<bool> declaration() const noexcept { return declaration_; }
    std::optional<bool> standalone() const noexcept { return standalone_; }
    bool short_empty_elements() const noexcept { return short_empty_; }
    bool doctype() const noexcept { return doctype_; }

private:
    bool pretty_ = false;
    std::string indent_ = "  ";
    std::optional<bool> declaration_;
    std::optional<bool> standalone_;
    bool short_empty_ = true;
    bool doctype_ = true;
};

/// A node with all below it as UTF-8. The namespaces in its scope are declared on it
/// As lxml.etree.tostring(encoding="unicode"). Between the nodes at the top stand line ends.
std::string write(const node& from, const write_options& with = write_options());
std::string write(const document& from, const write_options& with = write_options());

/// The same in an encoding: `utf-8`, `utf-16` (with a byte order mark), `utf-16le`, `utf-16be`,
/// `us-ascii`, `iso-8859-1`. Characters that it does not have are written as references.
/// \throws error  any other encoding, or a name or comment that cannot be written in it.
std::string write(const document& from, std::string_view encoding,
                  const write_options& with = write_options());

/// Text as it may stand between tags: `&`, `<`, `>` and CR are replaced. As
/// xml.sax.saxutils.escape().
std::string escape(std::string_view text);
/// Text as it may stand between double quotes: TAB, LF and CR are kept by references.
std::string escape_attribute(std::string_view text);

}  // namespace ferry::xml

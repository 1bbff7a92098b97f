#pragma once

#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/documents/html.hpp"

/// \file
/// Writing a page in other ways than node::outer_html(). As lxml.html.tostring().
namespace ferry::html {

/// How to write. The calls can be chained.
class write_options {
public:
    write_options() = default;
    /// XHTML: every element is closed, namespaces are declared. As `method="xml"`.
    write_options& xml(bool on = true) noexcept
    {
        xml_ = on;
        return *this;
    }
    /// White space that a browser does not show is collapsed, comments go; what is in `pre`,
    /// `textarea`, scripts and styles stays as it is.
    write_options& minify(bool on = true) noexcept
    {
        minify_ = on;
        return *this;
    }
    /// Write `<!DOCTYPE html>` first, whatever the page had.
    write_options& doctype(bool on = true) noexcept
    {
        doctype_ = on;
        return *this;
    }

    bool is_xml() const noexcept { return xml_; }
    bool minifies() const noexcept { return minify_; }
    bool has_doctype() const noexcept { return doctype_; }

private:
    bool xml_ = false;
    bool minify_ = false;
    bool doctype_ = false;
};

/// A node with all that is below it; of the document node and template contents what is in them.
/// The text alone is node::text() or node::visible_text(). As `tostring(encoding="unicode")`.
std::string write(const node& of, const write_options& with = write_options());

/// The same in an encoding; what it cannot hold becomes character references. As
/// `tostring(encoding=...)`.
bytes write(const node& of, charset::encoding to, const write_options& with = write_options());

}  // namespace ferry::html

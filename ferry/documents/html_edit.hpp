#pragma once

#include "ferry/documents/html.hpp"

#include <map>
#include <memory>

/// \file
/// Changes to a page. A parsed document never changes, which is what makes it compact and safe to
/// share; changes are collected, and make a new one.
///
///     html::edits changes(page);
///     for (html::element ad : page.css(".ad")) changes.drop(ad);
///     for (html::element f : page.css("font")) changes.unwrap(f);
///     html::document clean = changes.apply();
namespace ferry::html {

/// Changes to be made to one document. Its nodes stay what they are, and may be asked, while
/// changes are added. Of two changes that exclude each other the outer one wins: what is in a
/// dropped element is gone. Not thread-safe.
class edits {
public:
    explicit edits(const document& of) : of_(of) {}

    /// Takes a node out with all that is in it; the text behind it stays. As lxml's drop_tree().
    edits& drop(const node& n);
    /// Puts an element's children in its place. As lxml's drop_tag().
    edits& unwrap(const element& e);
    edits& rename(const element& e, std::string_view name);
    edits& set_attr(const element& e, std::string_view name, std::string_view value);
    edits& remove_attr(const element& e, std::string_view name);
    /// Replaces all that is in an element, or what a text or comment says, by text.
    edits& set_text(const node& n, std::string_view text);
    /// These take HTML, which is parsed as a fragment in the place where it goes.
    edits& set_inner_html(const element& e, std::string_view html);
    edits& replace(const node& n, std::string_view html);
    edits& insert_before(const node& n, std::string_view html);
    edits& insert_after(const node& n, std::string_view html);
    edits& prepend(const element& e, std::string_view html);
    edits& append(const element& e, std::string_view html);

    bool empty() const noexcept { return changes_.empty(); }

    /// The document with the changes made. Positions of what stayed are those in the old source.
    /// Cost: linear in the document.
    document apply() const;

private:
    class builder;
    struct change {
        bool drop = false;
        bool unwrap = false;
        std::optional<std::string> name, text, inner;
        std::map<std::string, std::optional<std::string>, std::less<>> attributes;
        std::string before, after, first, last;
    };
    change& at(const node& n) { return changes_[n.id()]; }

    document of_;
    std::map<documents::node_id, change> changes_;
};

/// The one element that a text is, as root() of its document. White space and comments may be
/// around it. As lxml.html.fragment_fromstring().
///
/// \param create_parent  the name of an element that is put around the text, whatever that is;
///                       empty: none. As lxml's `create_parent="div"`.
/// \throws lookup_error   no parent is asked for, and there is no element, several, or text beside
/// it.
/// \throws limit_error    as parse_fragment().
document fragment_fromstring(std::string_view text, std::string_view create_parent = {},
                             const options& with = options());

}  // namespace ferry::html

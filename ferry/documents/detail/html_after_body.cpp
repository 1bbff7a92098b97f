#include "ferry/documents/detail/html_construction.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>

// The modes behind the body, of framesets and of templates.
namespace ferry::documents::detail {

bool html_construction::after_body(html_token& t)
{
    switch (t.kind) {
        case token_kind::text: {
            const std::string_view space = take_space(t);
            if (!space.empty()) {
                reconstruct();
                insert_characters(space);
            }
            if (t.text.empty()) return true;
            break;
        }
        case token_kind::comment: insert_comment(t, stack_[0].node); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            break;
        case token_kind::end_tag:
            if (t.name != tag::html) break;
            if (is_fragment_)
                error("unexpected-end-tag", t);
            else
                mode_ = insertion_mode::after_after_body;
            return true;
        case token_kind::end_of_file: return true;
    }
    error("unexpected-token-after-body", t);
    mode_ = insertion_mode::in_body;
    return false;
}

bool html_construction::after_after_body(html_token& t)
{
    switch (t.kind) {
        case token_kind::comment: insert_comment(t, tree::root()); return true;
        case token_kind::doctype: return in_body(t);
        case token_kind::text: {
            const std::string_view space = take_space(t);
            if (!space.empty()) {
                reconstruct();
                insert_characters(space);
            }
            if (t.text.empty()) return true;
            break;
        }
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            break;
        case token_kind::end_tag: break;
        case token_kind::end_of_file: return true;
    }
    error("unexpected-token-after-body", t);
    mode_ = insertion_mode::in_body;
    return false;
}

/// Inserts the white space of a text and drops the rest.
void html_construction::insert_space_only(const html_token& t)
{
    std::string_view text = t.text;
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size() && has_class(text[size], is_space)) ++size;
        if (size != 0) insert_characters(text.substr(0, size));
        text.remove_prefix(size);
        if (text.empty()) return;
        error("unexpected-character-in-frameset", t);
        while (!text.empty() && !has_class(text[0], is_space)) text.remove_prefix(1);
    }
}

bool html_construction::in_frameset(html_token& t)
{
    switch (t.kind) {
        case token_kind::text: insert_space_only(t); return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::noframes) return in_head(t);
            if (t.name == tag::frameset)
                insert_html(t);
            else if (t.name == tag::frame)
                insert_void(t);
            else
                error("unexpected-start-tag", t);
            return true;
        case token_kind::end_tag:
            if (t.name != tag::frameset || stack_.size() == 1) {
                error("unexpected-end-tag", t);
                return true;
            }
            pop();
            if (!is_fragment_ && !stack_.top_is(tag::frameset))
                mode_ = insertion_mode::after_frameset;
            return true;
        case token_kind::end_of_file: return true;
    }
    return true;
}

bool html_construction::after_frameset(html_token& t)
{
    switch (t.kind) {
        case token_kind::text: insert_space_only(t); return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::noframes) return in_head(t);
            error("unexpected-start-tag", t);
            return true;
        case token_kind::end_tag:
            if (t.name == tag::html)
                mode_ = insertion_mode::after_after_frameset;
            else
                error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: return true;
    }
    return true;
}

bool html_construction::after_after_frameset(html_token& t)
{
    switch (t.kind) {
        case token_kind::text:
            if (std::ranges::any_of(t.text, [](char c) { return has_class(c, is_space); }))
                reconstruct();
            insert_space_only(t);
            return true;
        case token_kind::comment: insert_comment(t, tree::root()); return true;
        case token_kind::doctype: return in_body(t);
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::noframes) return in_head(t);
            [[fallthrough]];
        case token_kind::end_tag: error("unexpected-token-after-frameset", t); return true;
        case token_kind::end_of_file: return true;
    }
    return true;
}

bool html_construction::in_template(html_token& t)
{
    const auto go_on_in = [this](insertion_mode mode) {
        template_modes_.back() = mode;
        mode_ = mode;
        return false;
    };
    switch (t.kind) {
        case token_kind::text:
        case token_kind::comment:
        case token_kind::doctype: return in_body(t);
        case token_kind::start_tag:
            if ((traits_of(t.name) & belongs_to_head) != 0) return in_head(t);
            switch (t.name) {
                case tag::caption:
                case tag::colgroup:
                case tag::tbody:
                case tag::tfoot:
                case tag::thead: return go_on_in(insertion_mode::in_table);
                case tag::col: return go_on_in(insertion_mode::in_column_group);
                case tag::tr: return go_on_in(insertion_mode::in_table_body);
                case tag::td:
                case tag::th: return go_on_in(insertion_mode::in_row);
                default: return go_on_in(insertion_mode::in_body);
            }
        case token_kind::end_tag:
            if (t.name == tag::template_) return in_head(t);
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    if (stack_.find(tag::template_) == open_elements::none) return true;
    error("expected-closing-tag-but-got-eof", t);
    pop_until(tag::template_);
    formatting_.clear_to_marker();
    template_modes_.pop_back();
    reset_mode();
    return false;
}

}  // namespace ferry::documents::detail

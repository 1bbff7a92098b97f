#include "ferry/documents/detail/html_construction.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>
#include <functional>
#include <utility>

// Tables.
namespace ferry::documents::detail {

namespace {

bool is_row_group(name_id name) noexcept
{
    return name == tag::tbody || name == tag::tfoot || name == tag::thead;
}

bool is_cell(name_id name) noexcept
{
    return name == tag::td || name == tag::th;
}

bool is_column_part(name_id name) noexcept
{
    return name == tag::caption || name == tag::col || name == tag::colgroup;
}

bool is_body_or_html(name_id name) noexcept
{
    return name == tag::body || name == tag::html;
}

}  // namespace

void html_construction::clear_to(std::initializer_list<name_id> names) noexcept
{
    const auto wanted = [&] {
        const auto& e = stack_.top();
        return e.space == ns::html && (e.name == tag::template_ || e.name == tag::html ||
                                       std::ranges::find(names, e.name) != names.end());
    };
    while (!wanted()) pop();
}

bool html_construction::in_table(html_token& t)
{
    switch (t.kind) {
        case token_kind::text: {
            const auto& e = stack_.top();
            const bool part = e.space == ns::html && ((traits_of(e.name) & is_table_part) != 0 ||
                                                      e.name == tag::template_);
            if (!part) return in_table_otherwise(t);
            pending_ = {};
            original_mode_ = mode_;
            mode_ = insertion_mode::in_table_text;
            return false;
        }
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag: return table_start_tag(t);
        case token_kind::end_tag: return table_end_tag(t);
        case token_kind::end_of_file: return in_body(t);
    }
    return true;
}

bool html_construction::table_start_tag(html_token& t)
{
    switch (t.name) {
        case tag::caption:
            clear_to({tag::table});
            formatting_.push_marker();
            insert_html(t);
            mode_ = insertion_mode::in_caption;
            return true;
        case tag::colgroup:
            clear_to({tag::table});
            insert_html(t);
            mode_ = insertion_mode::in_column_group;
            return true;
        case tag::col:
            clear_to({tag::table});
            insert_html(tag::colgroup, t.offset);
            mode_ = insertion_mode::in_column_group;
            return false;
        case tag::tbody:
        case tag::tfoot:
        case tag::thead:
            clear_to({tag::table});
            insert_html(t);
            mode_ = insertion_mode::in_table_body;
            return true;
        case tag::td:
        case tag::th:
        case tag::tr:
            clear_to({tag::table});
            insert_html(tag::tbody, t.offset);
            mode_ = insertion_mode::in_table_body;
            return false;
        case tag::table:
            error("unexpected-start-tag", t);
            if (!stack_.in_table_scope(tag::table)) return true;
            pop_until(tag::table);
            reset_mode();
            return false;
        case tag::style:
        case tag::script:
        case tag::template_: return in_head(t);
        case tag::input:
            for (const attribute& a : t.attributes) {
                if (a.name != tag::type) continue;
                const auto low = [](char c) { return lower(c); };
                if (!std::ranges::equal(builder_.view().value(a), std::string_view("hidden"), {},
                                        low))
                    break;
                error("unexpected-hidden-input-in-table", t);
                insert_void(t);
                return true;
            }
            return in_table_otherwise(t);
        case tag::form:
            error("unexpected-form-in-table", t);
            if (form_ != no_node || stack_.find(tag::template_) != open_elements::none) return true;
            form_ = insert_html(t);
            pop();
            return true;
        default: return in_table_otherwise(t);
    }
}

bool html_construction::table_end_tag(html_token& t)
{
    if (t.name == tag::table) {
        if (!stack_.in_table_scope(tag::table)) {
            error("unexpected-end-tag", t);
            return true;
        }
        pop_until(tag::table);
        reset_mode();
        return true;
    }
    if (t.name == tag::template_) return in_head(t);
    if (is_body_or_html(t.name) || is_column_part(t.name) || is_row_group(t.name) ||
        is_cell(t.name) || t.name == tag::tr) {
        error("unexpected-end-tag", t);
        return true;
    }
    return in_table_otherwise(t);
}

/// Foster parenting: what a table may not contain goes before it.
bool html_construction::in_table_otherwise(html_token& t)
{
    error("unexpected-token-in-table", t);
    foster_ = true;
    const bool done = in_body(t);
    foster_ = false;
    return done;
}

void html_construction::add_table_text(std::string_view text)
{
    const std::string_view source = builder_.source();
    const auto in_source = [&](const char* p) {
        return std::less_equal<>()(source.data(), p) &&
               std::less<>()(p, source.data() + source.size());
    };
    if (pending_.empty() && in_source(text.data())) {
        pending_ = text;
    } else if (pending_.data() != pending_copy_.data() &&
               pending_.data() + pending_.size() == text.data()) {
        pending_ = {pending_.data(), pending_.size() + text.size()};
    } else {
        if (pending_.data() != pending_copy_.data()) pending_copy_ = pending_;
        pending_ = pending_copy_ += text;
    }
}

bool html_construction::in_table_text(html_token& t)
{
    if (t.kind == token_kind::text) {
        if (!t.is_nul()) add_table_text(t.text);
        return true;
    }
    const std::string_view all = std::exchange(pending_, {});
    mode_ = original_mode_;
    if (all.empty()) return false;
    if (std::ranges::all_of(all, [](char c) { return has_class(c, is_space); })) {
        insert_characters(all);
        return false;
    }
    error("foster-parenting-character", t);
    foster_ = true;
    reconstruct();
    insert_characters(all);
    frameset_ok_ = false;
    foster_ = false;
    return false;
}

bool html_construction::close_caption(const html_token& t)
{
    if (!stack_.in_table_scope(tag::caption)) {
        error("unexpected-token-in-caption", t);
        return false;
    }
    imply_end_tags();
    if (!stack_.top_is(tag::caption)) error("unexpected-open-elements", t);
    pop_until(tag::caption);
    formatting_.clear_to_marker();
    mode_ = insertion_mode::in_table;
    return true;
}

bool html_construction::in_caption(html_token& t)
{
    if (t.kind == token_kind::end_tag) {
        if (t.name == tag::caption) {
            close_caption(t);
            return true;
        }
        if (t.name == tag::table) return !close_caption(t);
        if (is_body_or_html(t.name) || is_column_part(t.name) || is_row_group(t.name) ||
            is_cell(t.name) || t.name == tag::tr) {
            error("unexpected-end-tag", t);
            return true;
        }
    }
    if (t.kind == token_kind::start_tag &&
        (is_column_part(t.name) || is_row_group(t.name) || is_cell(t.name) || t.name == tag::tr))
        return !close_caption(t);
    return in_body(t);
}

bool html_construction::in_column_group(html_token& t)
{
    switch (t.kind) {
        case token_kind::text:
            if (!stack_.top_is(tag::colgroup)) {
                insert_space_only(t);
                return true;
            }
            if (const auto space = take_space(t); !space.empty()) insert_characters(space);
            if (t.text.empty()) return true;
            break;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::template_) return in_head(t);
            if (t.name != tag::col) break;
            insert_void(t);
            return true;
        case token_kind::end_tag:
            if (t.name == tag::template_) return in_head(t);
            if (t.name == tag::colgroup && stack_.top_is(tag::colgroup)) {
                pop();
                mode_ = insertion_mode::in_table;
                return true;
            }
            if (t.name != tag::colgroup && t.name != tag::col) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: return in_body(t);
    }
    if (!stack_.top_is(tag::colgroup)) {
        error("unexpected-token-in-column-group", t);
        return true;
    }
    pop();
    mode_ = insertion_mode::in_table;
    return false;
}

bool html_construction::in_table_body(html_token& t)
{
    const auto clear = [this] { clear_to({tag::tbody, tag::tfoot, tag::thead}); };
    const auto leave = [&] {
        clear();
        pop();
        mode_ = insertion_mode::in_table;
    };
    const auto leave_for = [&] {
        if (!stack_.in_table_scope(tag::tbody) && !stack_.in_table_scope(tag::thead) &&
            !stack_.in_table_scope(tag::tfoot)) {
            error("unexpected-token-in-table-body", t);
            return true;
        }
        leave();
        return false;
    };
    if (t.kind == token_kind::start_tag) {
        if (t.name == tag::tr || is_cell(t.name)) {
            clear();
            mode_ = insertion_mode::in_row;
            if (t.name == tag::tr) {
                insert_html(t);
                return true;
            }
            error("unexpected-cell-in-table-body", t);
            insert_html(tag::tr, t.offset);
            return false;
        }
        if (is_column_part(t.name) || is_row_group(t.name)) return leave_for();
    }
    if (t.kind == token_kind::end_tag) {
        if (is_row_group(t.name)) {
            if (stack_.in_table_scope(t.name))
                leave();
            else
                error("unexpected-end-tag", t);
            return true;
        }
        if (t.name == tag::table) return leave_for();
        if (is_body_or_html(t.name) || is_column_part(t.name) || is_cell(t.name) ||
            t.name == tag::tr) {
            error("unexpected-end-tag", t);
            return true;
        }
    }
    return in_table(t);
}

bool html_construction::in_row(html_token& t)
{
    // Whether there is a row to leave.
    const auto leave = [&] {
        if (!stack_.in_table_scope(tag::tr)) {
            error("unexpected-token-in-row", t);
            return false;
        }
        clear_to({tag::tr});
        pop();
        mode_ = insertion_mode::in_table_body;
        return true;
    };
    if (t.kind == token_kind::start_tag) {
        if (is_cell(t.name)) {
            clear_to({tag::tr});
            insert_html(t);
            mode_ = insertion_mode::in_cell;
            formatting_.push_marker();
            return true;
        }
        if (is_column_part(t.name) || is_row_group(t.name) || t.name == tag::tr) return !leave();
    }
    if (t.kind == token_kind::end_tag) {
        if (t.name == tag::tr) {
            leave();
            return true;
        }
        if (t.name == tag::table) return !leave();
        if (is_row_group(t.name)) {
            if (stack_.in_table_scope(t.name)) return !leave();
            error("unexpected-end-tag", t);
            return true;
        }
        if (is_body_or_html(t.name) || is_column_part(t.name) || is_cell(t.name)) {
            error("unexpected-end-tag", t);
            return true;
        }
    }
    return in_table(t);
}

void html_construction::close_cell(const html_token& t)
{
    imply_end_tags();
    if (!stack_.top_is(tag::td) && !stack_.top_is(tag::th)) error("unexpected-open-elements", t);
    const auto td = stack_.find(tag::td);
    const auto th = stack_.find(tag::th);
    pop_through(td == open_elements::none ? th : th == open_elements::none ? td : std::max(td, th));
    formatting_.clear_to_marker();
    mode_ = insertion_mode::in_row;
}

bool html_construction::in_cell(html_token& t)
{
    const bool in_cell_scope = stack_.in_table_scope(tag::td) || stack_.in_table_scope(tag::th);
    if (t.kind == token_kind::end_tag) {
        if (is_cell(t.name)) {
            if (!stack_.in_table_scope(t.name)) {
                error("unexpected-end-tag", t);
                return true;
            }
            imply_end_tags();
            if (!stack_.top_is(t.name)) error("unexpected-open-elements", t);
            pop_until(t.name);
            formatting_.clear_to_marker();
            mode_ = insertion_mode::in_row;
            return true;
        }
        if (is_body_or_html(t.name) || is_column_part(t.name)) {
            error("unexpected-end-tag", t);
            return true;
        }
        if (t.name == tag::table || is_row_group(t.name) || t.name == tag::tr) {
            if (!stack_.in_table_scope(t.name) || !in_cell_scope) {
                error("unexpected-end-tag", t);
                return true;
            }
            close_cell(t);
            return false;
        }
    }
    if (t.kind == token_kind::start_tag &&
        (is_column_part(t.name) || is_row_group(t.name) || is_cell(t.name) || t.name == tag::tr)) {
        if (!in_cell_scope) {
            error("unexpected-start-tag", t);
            return true;
        }
        close_cell(t);
        return false;
    }
    return in_body(t);
}

}  // namespace ferry::documents::detail

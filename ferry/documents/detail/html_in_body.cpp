#include "ferry/documents/detail/html_construction.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>
#include <utility>

// The modes "in body" and "text".
namespace ferry::documents::detail {

namespace {

bool is_hidden_input(const tree& t, const html_token& token) noexcept
{
    for (const attribute& a : token.attributes) {
        if (a.name != tag::type) continue;
        const auto low = [](char c) { return lower(c); };
        return std::ranges::equal(t.value(a), std::string_view("hidden"), {}, low);
    }
    return false;
}

}  // namespace

bool html_construction::in_body(html_token& t)
{
    switch (t.kind) {
        case token_kind::text: return body_text(t);
        case token_kind::start_tag: return body_start_tag(t);
        case token_kind::end_tag: return body_end_tag(t);
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::end_of_file: return body_end_of_file(t);
    }
    return true;
}

bool html_construction::body_text(html_token& t)
{
    if (t.is_nul()) return true;
    reconstruct();
    insert_characters(t.text);
    if (frameset_ok_)
        frameset_ok_ = std::ranges::all_of(t.text, [](char c) { return has_class(c, is_space); });
    return true;
}

bool html_construction::body_end_of_file(html_token& t)
{
    if (!template_modes_.empty()) return in_template(t);
    if (options_.errors == nullptr) return true;
    constexpr std::uint32_t may_stay_open = end_is_implied_thoroughly;
    for (open_elements::index i = 0; i < stack_.size(); ++i) {
        const auto& e = stack_[i];
        if (e.space == ns::html && (e.name == tag::html || e.name == tag::body ||
                                    (traits_of(e.name) & may_stay_open) != 0))
            continue;
        error("expected-closing-tag-but-got-eof", t);
        break;
    }
    return true;
}

void html_construction::start_html_again(html_token& t)
{
    error("unexpected-start-tag", t);
    if (stack_.find(tag::template_) != open_elements::none) return;
    if (stack_[0].node != tree::root()) builder_.merge_attributes(stack_[0].node, t.attributes);
}

bool html_construction::body_start_tag(html_token& t)
{
    const std::uint32_t traits = traits_of(t.name);
    if ((traits & starts_block) != 0) return body_start_block(t);
    if ((traits & is_formatting) != 0) {
        start_formatting(t);
        return true;
    }
    if ((traits & belongs_to_head) != 0) return in_head(t);
    switch (t.name) {
        case tag::html: start_html_again(t); return true;
        case tag::body:
            error("unexpected-start-tag", t);
            if (stack_.size() > 1 && stack_[1].name == tag::body &&
                stack_.find(tag::template_) == open_elements::none) {
                frameset_ok_ = false;
                builder_.merge_attributes(stack_[1].node, t.attributes);
            }
            return true;
        case tag::frameset:
            error("unexpected-start-tag", t);
            if (stack_.size() > 1 && stack_[1].name == tag::body && frameset_ok_) {
                builder_.detach(stack_[1].node);
                pop_through(1);
                insert_html(t);
                mode_ = insertion_mode::in_frameset;
            }
            return true;
        case tag::h1:
        case tag::h2:
        case tag::h3:
        case tag::h4:
        case tag::h5:
        case tag::h6:
        case tag::pre:
        case tag::listing:
        case tag::form:
        case tag::plaintext:
        case tag::xmp:
        case tag::table:
        case tag::hr: return body_start_block(t);
        case tag::li: start_item(t, {tag::li}); return true;
        case tag::dd:
        case tag::dt: start_item(t, {tag::dd, tag::dt}); return true;
        case tag::input:
        case tag::select:
        case tag::option:
        case tag::optgroup: return body_start_select_part(t);
        default: return body_start_other(t);
    }
}

/// Start tags that close an open p.
bool html_construction::body_start_block(html_token& t)
{
    const bool keeps_p = t.name == tag::table && quirks_ == quirks_mode::quirks;
    const bool is_form = t.name == tag::form;
    const bool in_a_template = is_form && stack_.find(tag::template_) != open_elements::none;
    if (is_form && form_ != no_node && !in_a_template) {
        error("unexpected-start-tag", t);
        return true;
    }
    if (!keeps_p && stack_.in_button_scope(tag::p)) close_p(t);
    switch (t.name) {
        case tag::hr:
            if (stack_.in_scope(tag::select)) imply_end_tags();
            insert_void(t);
            frameset_ok_ = false;
            return true;
        case tag::xmp:
            reconstruct();
            frameset_ok_ = false;
            start_raw(t, tokenizer_state::rawtext);
            return true;
        case tag::h1:
        case tag::h2:
        case tag::h3:
        case tag::h4:
        case tag::h5:
        case tag::h6:
            if (stack_.top().space == ns::html &&
                (traits_of(stack_.top().name) & is_heading) != 0) {
                error("unexpected-start-tag", t);
                pop();
            }
            break;
        default: break;
    }
    const node_id made = insert_html(t);
    switch (t.name) {
        case tag::pre:
        case tag::listing:
            skip_line_feed_ = true;
            frameset_ok_ = false;
            break;
        case tag::form:
            if (!in_a_template) form_ = made;
            break;
        case tag::plaintext: tokenizer_.set_state(tokenizer_state::plaintext); break;
        case tag::table:
            frameset_ok_ = false;
            mode_ = insertion_mode::in_table;
            break;
        default: break;
    }
    return true;
}

void html_construction::start_item(html_token& t, std::initializer_list<name_id> names)
{
    frameset_ok_ = false;
    const auto& nearest = stack_[stack_.top().item];
    for (const name_id name : names)
        if (nearest.space == ns::html && nearest.name == name) {
            close(name, t);
            break;
        }
    if (stack_.in_button_scope(tag::p)) close_p(t);
    insert_html(t);
}

bool html_construction::start_input(html_token& t)
{
    if (is_fragment_ && context_.space == ns::html && context_.name == tag::select) {
        error("unexpected-start-tag", t);
        return true;
    }
    if (stack_.in_scope(tag::select)) {
        error("unexpected-start-tag", t);
        pop_until(tag::select);
    }
    reconstruct();
    if (!is_hidden_input(builder_.view(), t)) frameset_ok_ = false;
    insert_void(t);
    return true;
}

bool html_construction::body_start_select_part(html_token& t)
{
    if (t.name == tag::input) return start_input(t);
    const bool in_select = stack_.in_scope(tag::select);
    if (t.name == tag::select) {
        const bool in_select_fragment =
            is_fragment_ && context_.space == ns::html && context_.name == tag::select;
        if (in_select_fragment || in_select) {
            error("unexpected-start-tag", t);
            if (!in_select_fragment) pop_until(tag::select);
            return true;
        }
        frameset_ok_ = false;
    } else if (in_select) {
        imply_end_tags(t.name == tag::option ? name_id{tag::optgroup} : no_name);
    } else if (stack_.top_is(tag::option)) {
        pop();
    }
    reconstruct();
    insert_html(t);
    return true;
}

bool html_construction::body_start_other(html_token& t)
{
    switch (t.name) {
        case tag::button:
            if (stack_.in_scope(tag::button)) {
                error("unexpected-start-tag", t);
                imply_end_tags();
                pop_until(tag::button);
            }
            frameset_ok_ = false;
            break;
        case tag::applet:
        case tag::marquee:
        case tag::object:
            reconstruct();
            insert_html(t);
            formatting_.push_marker();
            frameset_ok_ = false;
            return true;
        case tag::image:
            error("unexpected-start-tag", t);
            t.name = tag::img;
            [[fallthrough]];
        case tag::area:
        case tag::br:
        case tag::embed:
        case tag::img:
        case tag::keygen:
        case tag::wbr:
            reconstruct();
            insert_void(t);
            frameset_ok_ = false;
            return true;
        case tag::param:
        case tag::source:
        case tag::track: insert_void(t); return true;
        case tag::textarea:
            start_raw(t, tokenizer_state::rcdata);
            skip_line_feed_ = true;
            frameset_ok_ = false;
            return true;
        case tag::iframe:
            frameset_ok_ = false;
            start_raw(t, tokenizer_state::rawtext);
            return true;
        case tag::noembed: start_raw(t, tokenizer_state::rawtext); return true;
        case tag::noscript:
            if (!options_.scripting) break;
            start_raw(t, tokenizer_state::rawtext);
            return true;
        case tag::rb:
        case tag::rtc:
            if (stack_.in_scope(tag::ruby)) imply_end_tags();
            insert_html(t);
            return true;
        case tag::rp:
        case tag::rt:
            if (stack_.in_scope(tag::ruby)) imply_end_tags(tag::rtc);
            insert_html(t);
            return true;
        case tag::math:
        case tag::svg: {
            reconstruct();
            const namespace_id space = t.name == tag::svg ? ns::svg : ns::mathml;
            adjust_foreign_attributes(t, space);
            insert_element(t, t.name, space, false);
            if (t.self_closing) pop();
            t.self_closing = false;
            return true;
        }
        case tag::caption:
        case tag::col:
        case tag::colgroup:
        case tag::frame:
        case tag::head:
        case tag::tbody:
        case tag::td:
        case tag::tfoot:
        case tag::th:
        case tag::thead:
        case tag::tr: error("unexpected-start-tag", t); return true;
        default: break;
    }
    reconstruct();
    const node_id made = insert_html(t);
    if (t.name == tag::selectedcontent) selected_contents_.push_back(made);
    return true;
}

bool html_construction::end_body(const html_token& t)
{
    if (!stack_.in_scope(tag::body)) {
        error("unexpected-end-tag", t);
        return false;
    }
    mode_ = insertion_mode::after_body;
    return true;
}

bool html_construction::body_end_tag(html_token& t)
{
    const std::uint32_t traits = traits_of(t.name);
    if ((traits & ends_block) != 0) {
        if (!stack_.in_scope(t.name)) {
            error("unexpected-end-tag", t);
            return true;
        }
        imply_end_tags();
        if (!stack_.top_is(t.name)) error("unexpected-open-elements", t);
        pop_until(t.name);
        return true;
    }
    if ((traits & is_formatting) != 0) return adopt(t);
    if ((traits & is_heading) != 0) {
        end_heading(t);
        return true;
    }
    switch (t.name) {
        case tag::template_: return in_head(t);
        case tag::body: end_body(t); return true;
        case tag::html: return !end_body(t);
        case tag::form: end_form(t); return true;
        case tag::p:
            if (!stack_.in_button_scope(tag::p)) {
                error("unexpected-end-tag", t);
                insert_html(tag::p, t.offset);
            }
            close_p(t);
            return true;
        case tag::li:
        case tag::dd:
        case tag::dt:
            if (t.name == tag::li ? stack_.in_list_scope(tag::li) : stack_.in_scope(t.name))
                close(t.name, t);
            else
                error("unexpected-end-tag", t);
            return true;
        case tag::applet:
        case tag::marquee:
        case tag::object:
            if (!stack_.in_scope(t.name)) {
                error("unexpected-end-tag", t);
                return true;
            }
            imply_end_tags();
            pop_until(t.name);
            formatting_.clear_to_marker();
            return true;
        case tag::br:
            error("unexpected-end-tag", t);
            reconstruct();
            t.attributes.clear();
            insert_void(t);
            frameset_ok_ = false;
            return true;
        default: end_other(t); return true;
    }
}

void html_construction::end_form(const html_token& t)
{
    if (stack_.find(tag::template_) != open_elements::none) {
        if (!stack_.in_scope(tag::form)) {
            error("unexpected-end-tag", t);
            return;
        }
        imply_end_tags();
        pop_until(tag::form);
        return;
    }
    const node_id node = std::exchange(form_, no_node);
    const auto at = node == no_node ? open_elements::none : stack_.find(node, tag::form);
    if (at == open_elements::none || at < stack_.top().scope) {
        error("unexpected-end-tag", t);
        return;
    }
    imply_end_tags();
    if (at + 1 != stack_.size()) error("unexpected-open-elements", t);
    remove_from_stack(at);
}

void html_construction::end_heading(const html_token& t)
{
    auto topmost = open_elements::none;
    for (const name_id h : {tag::h1, tag::h2, tag::h3, tag::h4, tag::h5, tag::h6})
        if (stack_.in_scope(h))
            topmost =
                topmost == open_elements::none ? stack_.find(h) : std::max(topmost, stack_.find(h));
    if (topmost == open_elements::none) {
        error("unexpected-end-tag", t);
        return;
    }
    imply_end_tags();
    if (!stack_.top_is(t.name)) error("unexpected-open-elements", t);
    pop_through(topmost);
}

void html_construction::end_other(const html_token& t)
{
    const auto at = stack_.find(t.name);
    if (at == open_elements::none || at < stack_.top().special) {
        error("unexpected-end-tag", t);
        return;
    }
    imply_end_tags(t.name);
    if (at + 1 != stack_.size()) error("unexpected-open-elements", t);
    pop_through(at);
}

bool html_construction::text(html_token& t)
{
    if (t.kind == token_kind::text) {
        insert_characters(t.text);
        return true;
    }
    if (t.kind == token_kind::end_of_file) error("expected-closing-tag-but-got-eof", t);
    pop();
    mode_ = original_mode_;
    return t.kind == token_kind::end_tag;
}

}  // namespace ferry::documents::detail

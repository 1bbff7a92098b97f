#include "ferry/documents/detail/html_construction.hpp"

#include <algorithm>

// The modes up to "after head", and template.
namespace ferry::documents::detail {

namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return std::ranges::equal(a, b, {}, low, low);
}

bool starts_ignoring_case(std::string_view text, std::string_view start) noexcept
{
    return same_ignoring_case(text.substr(0, start.size()), start);
}

/// 13.2.6.4.1: the public identifiers of documents written for browsers of the last century.
constexpr std::string_view quirky_starts[] = {
    "+//silmaril//dtd html pro v0r11 19970101//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//",
};

quirks_mode mode_of(const html_token& t) noexcept
{
    const std::string_view public_id = t.public_id.value_or(std::string_view());
    const std::string_view system_id = t.system_id.value_or(std::string_view());
    const auto starts = [&](std::string_view start) {
        return starts_ignoring_case(public_id, start);
    };
    const bool transitional = starts("-//w3c//dtd html 4.01 frameset//") ||
                              starts("-//w3c//dtd html 4.01 transitional//");
    if (t.force_quirks || t.doctype_name != "html" ||
        same_ignoring_case(public_id, "-//w3o//dtd w3 html strict 3.0//en//") ||
        same_ignoring_case(public_id, "-/w3c/dtd html 4.0 transitional/en") ||
        same_ignoring_case(public_id, "html") ||
        same_ignoring_case(system_id,
                           "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd") ||
        std::ranges::any_of(quirky_starts, starts) || (!t.system_id && transitional))
        return quirks_mode::quirks;
    if (transitional || starts("-//w3c//dtd xhtml 1.0 frameset//") ||
        starts("-//w3c//dtd xhtml 1.0 transitional//"))
        return quirks_mode::limited_quirks;
    return quirks_mode::no_quirks;
}

bool ends_the_head(name_id name) noexcept
{
    return name == tag::body || name == tag::html || name == tag::br;
}

}  // namespace

void html_construction::read_doctype(const html_token& t)
{
    if (t.doctype_name != "html" || t.public_id ||
        (t.system_id && *t.system_id != "about:legacy-compat"))
        error("unknown-doctype", t);
    builder_.insert(builder_.make_doctype(t.doctype_name.value_or(std::string_view()), t.public_id,
                                          t.system_id),
                    tree::root());
    quirks_ = mode_of(t);
}

bool html_construction::initial(html_token& t)
{
    switch (t.kind) {
        case token_kind::text:
            take_space(t);
            if (t.text.empty()) return true;
            break;
        case token_kind::comment: insert_comment(t, tree::root()); return true;
        case token_kind::doctype:
            read_doctype(t);
            mode_ = insertion_mode::before_html;
            return true;
        default: break;
    }
    error("expected-doctype", t);
    quirks_ = quirks_mode::quirks;
    mode_ = insertion_mode::before_html;
    return false;
}

bool html_construction::before_html(html_token& t)
{
    switch (t.kind) {
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::comment: insert_comment(t, tree::root()); return true;
        case token_kind::text:
            take_space(t);
            if (t.text.empty()) return true;
            break;
        case token_kind::start_tag:
            if (t.name != tag::html) break;
            insert_html(t);
            mode_ = insertion_mode::before_head;
            return true;
        case token_kind::end_tag:
            if (t.name == tag::head || ends_the_head(t.name)) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    insert_html(tag::html, t.offset);
    mode_ = insertion_mode::before_head;
    return false;
}

bool html_construction::before_head(html_token& t)
{
    switch (t.kind) {
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::text:
            take_space(t);
            if (t.text.empty()) return true;
            break;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name != tag::head) break;
            head_ = insert_html(t);
            mode_ = insertion_mode::in_head;
            return true;
        case token_kind::end_tag:
            if (t.name == tag::head || ends_the_head(t.name)) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    head_ = insert_html(tag::head, t.offset);
    mode_ = insertion_mode::in_head;
    return false;
}

bool html_construction::in_head(html_token& t)
{
    switch (t.kind) {
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::text:
            if (const auto space = take_space(t); !space.empty()) insert_characters(space);
            if (t.text.empty()) return true;
            break;
        case token_kind::start_tag:
            if (head_start_tag(t)) return true;
            break;
        case token_kind::end_tag:
            if (t.name == tag::head) {
                pop();
                mode_ = insertion_mode::after_head;
                return true;
            }
            if (t.name == tag::template_) {
                end_template(t);
                return true;
            }
            if (ends_the_head(t.name)) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    pop();
    mode_ = insertion_mode::after_head;
    return false;
}

/// \returns false for what does not belong into a head.
bool html_construction::head_start_tag(html_token& t)
{
    switch (t.name) {
        case tag::html: return in_body(t);
        case tag::base:
        case tag::basefont:
        case tag::bgsound:
        case tag::link:
        case tag::meta: insert_void(t); return true;
        case tag::title: start_raw(t, tokenizer_state::rcdata); return true;
        case tag::noframes:
        case tag::style: start_raw(t, tokenizer_state::rawtext); return true;
        case tag::script: start_raw(t, tokenizer_state::script_data); return true;
        case tag::noscript:
            if (options_.scripting) {
                start_raw(t, tokenizer_state::rawtext);
                return true;
            }
            insert_html(t);
            mode_ = insertion_mode::in_head_noscript;
            return true;
        case tag::template_: start_template(t); return true;
        case tag::head: error("unexpected-start-tag", t); return true;
        default: return false;
    }
}

void html_construction::start_template(html_token& t)
{
    const node_id made = insert_html(t);
    builder_.insert(builder_.make(node_kind::fragment, {}, t.offset), made);
    formatting_.push_marker();
    frameset_ok_ = false;
    mode_ = insertion_mode::in_template;
    template_modes_.push_back(insertion_mode::in_template);
}

void html_construction::end_template(const html_token& t)
{
    if (stack_.find(tag::template_) == open_elements::none) {
        error("unexpected-end-tag", t);
        return;
    }
    imply_end_tags_thoroughly();
    if (!stack_.top_is(tag::template_)) error("unexpected-open-elements", t);
    pop_until(tag::template_);
    formatting_.clear_to_marker();
    template_modes_.pop_back();
    reset_mode();
}

bool html_construction::in_head_noscript(html_token& t)
{
    switch (t.kind) {
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::comment: return in_head(t);
        case token_kind::text:
            if (const auto space = take_space(t); !space.empty()) insert_characters(space);
            if (t.text.empty()) return true;
            break;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::basefont || t.name == tag::bgsound || t.name == tag::link ||
                t.name == tag::meta || t.name == tag::noframes || t.name == tag::style)
                return in_head(t);
            if (t.name != tag::head && t.name != tag::noscript) break;
            error("unexpected-start-tag", t);
            return true;
        case token_kind::end_tag:
            if (t.name == tag::noscript) {
                pop();
                mode_ = insertion_mode::in_head;
                return true;
            }
            if (t.name == tag::br) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    error("unexpected-token-in-noscript", t);
    pop();
    mode_ = insertion_mode::in_head;
    return false;
}

bool html_construction::after_head(html_token& t)
{
    switch (t.kind) {
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::text:
            if (const auto space = take_space(t); !space.empty()) insert_characters(space);
            if (t.text.empty()) return true;
            break;
        case token_kind::start_tag:
            if (t.name == tag::html) return in_body(t);
            if (t.name == tag::body) {
                insert_html(t);
                frameset_ok_ = false;
                mode_ = insertion_mode::in_body;
                return true;
            }
            if (t.name == tag::frameset) {
                insert_html(t);
                mode_ = insertion_mode::in_frameset;
                return true;
            }
            if ((traits_of(t.name) & belongs_to_head) != 0) {
                error("unexpected-start-tag", t);
                const auto at = stack_.size();
                open(head_, tag::head, tag::head, ns::html, false);
                const bool done = in_head(t);
                remove_from_stack(at);
                return done;
            }
            if (t.name != tag::head) break;
            error("unexpected-start-tag", t);
            return true;
        case token_kind::end_tag:
            if (t.name == tag::template_) return in_head(t);
            if (ends_the_head(t.name)) break;
            error("unexpected-end-tag", t);
            return true;
        case token_kind::end_of_file: break;
    }
    insert_html(tag::body, t.offset);
    mode_ = insertion_mode::in_body;
    return false;
}

}  // namespace ferry::documents::detail

#include "ferry/documents/detail/html_construction.hpp"

#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>

// The dispatcher, and how nodes are inserted and elements closed.
namespace ferry::documents::detail {

namespace {

// What a document may spend on steps that the Standard makes worse than linear. Ordinary pages use
// next to nothing of it; when it is used up, misnested formatting is no longer repaired.
constexpr std::size_t base_work = 100'000;
constexpr std::size_t work_per_byte = 32;
constexpr std::size_t base_clones = 10'000;

}  // namespace

html_construction::html_construction(tree_builder& builder, const construction_options& options)
    : builder_(builder),
      options_(options),
      tokenizer_(builder, options.errors),
      work_left_(base_work + work_per_byte * builder.source().size()),
      clones_left_(base_clones + builder.source().size())
{
}

void html_construction::error(const char* code, const html_token& t)
{
    if (options_.errors != nullptr) options_.errors->push_back({code, t.offset});
}

void html_construction::parse_document()
{
    run();
    fill_selected_content();
    builder_.set_html(quirks_, options_.scripting);
}

void html_construction::parse_fragment(const fragment_context& context)
{
    is_fragment_ = true;
    context_ = context;
    quirks_ = context.quirks;
    if (context.space == ns::html) {
        // Nothing ends these states: no start tag has been seen.
        switch (context.name) {
            case tag::title:
            case tag::textarea: tokenizer_.set_state(tokenizer_state::rcdata); break;
            case tag::style:
            case tag::xmp:
            case tag::iframe:
            case tag::noembed:
            case tag::noframes: tokenizer_.set_state(tokenizer_state::rawtext); break;
            case tag::noscript:
                if (options_.scripting) tokenizer_.set_state(tokenizer_state::rawtext);
                break;
            case tag::script: tokenizer_.set_state(tokenizer_state::script_data); break;
            case tag::plaintext: tokenizer_.set_state(tokenizer_state::plaintext); break;
            case tag::template_: template_modes_.push_back(insertion_mode::in_template); break;
            case tag::form: form_ = tree::root(); break;  // a form that is not on the stack
            default: break;
        }
    }
    // The root html element of the algorithm is the document node itself.
    open(tree::root(), tag::html, tag::html, ns::html, false);
    reset_mode();
    run();
    fill_selected_content();
    builder_.set_html(quirks_, options_.scripting);
}

void html_construction::run()
{
    while (!stopped_) {
        tokenizer_.set_foreign(!stack_.empty() && adjusted_space() != ns::html);
        tokenizer_.next();
        html_token& t = tokenizer_.token();
        if (skip_line_feed_) {
            skip_line_feed_ = false;
            if (t.kind == token_kind::text && t.text.starts_with('\n')) t.text.remove_prefix(1);
        }
        if (t.kind == token_kind::text && t.text.empty()) continue;
        while (!process(t)) {
        }
        if (t.kind == token_kind::end_of_file) break;
    }
}

bool html_construction::process(html_token& t)
{
    return is_foreign(t) ? in_foreign(t) : process_by_mode(t);
}

bool html_construction::process_in(insertion_mode mode, html_token& t)
{
    switch (mode) {
        case insertion_mode::initial: return initial(t);
        case insertion_mode::before_html: return before_html(t);
        case insertion_mode::before_head: return before_head(t);
        case insertion_mode::in_head: return in_head(t);
        case insertion_mode::in_head_noscript: return in_head_noscript(t);
        case insertion_mode::after_head: return after_head(t);
        case insertion_mode::in_body: return in_body(t);
        case insertion_mode::text: return text(t);
        case insertion_mode::in_table: return in_table(t);
        case insertion_mode::in_table_text: return in_table_text(t);
        case insertion_mode::in_caption: return in_caption(t);
        case insertion_mode::in_column_group: return in_column_group(t);
        case insertion_mode::in_table_body: return in_table_body(t);
        case insertion_mode::in_row: return in_row(t);
        case insertion_mode::in_cell: return in_cell(t);
        case insertion_mode::in_template: return in_template(t);
        case insertion_mode::after_body: return after_body(t);
        case insertion_mode::in_frameset: return in_frameset(t);
        case insertion_mode::after_frameset: return after_frameset(t);
        case insertion_mode::after_after_body: return after_after_body(t);
        case insertion_mode::after_after_frameset: return after_after_frameset(t);
    }
    return true;
}

html_construction::location html_construction::place_for(open_elements::index target) const noexcept
{
    const auto& e = stack_[target];
    if (e.space == ns::html) {
        if (foster_ && (traits_of(e.name) & is_table_part) != 0) return foster_place();
        // A template's contents are the node that was made right after it.
        if (e.name == tag::template_) return {e.node + 1, no_node};
    }
    return {e.node, no_node};
}

html_construction::location html_construction::foster_place() const noexcept
{
    const auto in_template = stack_.find(tag::template_);
    const auto table = stack_.find(tag::table);
    if (in_template != open_elements::none && (table == open_elements::none || in_template > table))
        return {stack_[in_template].node + 1, no_node};
    if (table == open_elements::none) return {stack_[0].node, no_node};
    const node_id node = stack_[table].node;
    if (const node_id parent = builder_[node].parent; parent != no_node) return {parent, node};
    return {stack_[table - 1].node, no_node};
}

void html_construction::open(node_id node, name_id name, name_id key, namespace_id space,
                             bool html_point)
{
    if (options_.max_depth != 0 && stack_.size() >= options_.max_depth)
        throw limit_error("max_depth", options_.max_depth);
    stack_.push(node, name, key, space, html_point);
}

node_id html_construction::insert_element(const html_token& t, name_id name, namespace_id space,
                                          bool html_point)
{
    const location at = stack_.empty() ? location{tree::root(), no_node} : place();
    const node_id made = builder_.make_element(name, space, t.attributes, t.offset);
    builder_.insert(made, at.parent, at.before);
    open(made, name, t.name, space, html_point);
    return made;
}

node_id html_construction::insert_html(const html_token& t)
{
    return insert_element(t, t.name, ns::html, false);
}

node_id html_construction::insert_html(name_id name, std::size_t offset)
{
    const location at = stack_.empty() ? location{tree::root(), no_node} : place();
    const node_id made = builder_.make_element(name, ns::html, {}, offset);
    builder_.insert(made, at.parent, at.before);
    open(made, name, name, ns::html, false);
    return made;
}

void html_construction::insert_void(html_token& t)
{
    const location at = place();
    const node_id made = builder_.make_element(t.name, ns::html, t.attributes, t.offset);
    builder_.insert(made, at.parent, at.before);
    t.self_closing = false;
}

void html_construction::insert_characters(std::string_view text)
{
    const location at = place();
    builder_.insert_text(text, at.parent, at.before);
}

void html_construction::insert_comment(const html_token& t)
{
    const location at = place();
    builder_.insert(builder_.make(node_kind::comment, t.text, t.offset), at.parent, at.before);
}

void html_construction::insert_comment(const html_token& t, node_id parent)
{
    builder_.insert(builder_.make(node_kind::comment, t.text, t.offset), parent);
}

void html_construction::start_raw(html_token& t, tokenizer_state state)
{
    insert_html(t);
    tokenizer_.set_state(state, t.name);
    original_mode_ = mode_;
    mode_ = insertion_mode::text;
}

void html_construction::pop_through(open_elements::index at) noexcept
{
    while (stack_.size() > at) stack_.pop();
}

void html_construction::imply_end_tags(name_id except) noexcept
{
    while (stack_.top().space == ns::html && stack_.top().name != except &&
           (traits_of(stack_.top().name) & end_is_implied) != 0)
        stack_.pop();
}

void html_construction::imply_end_tags_thoroughly() noexcept
{
    while (stack_.top().space == ns::html &&
           (traits_of(stack_.top().name) & end_is_implied_thoroughly) != 0)
        stack_.pop();
}

void html_construction::close(name_id name, const html_token& t)
{
    imply_end_tags(name);
    if (!stack_.top_is(name)) error("unexpected-open-elements", t);
    pop_until(name);
}

void html_construction::remove_from_stack(open_elements::index at)
{
    if (at + 1 == stack_.size()) {
        stack_.pop();
        return;
    }
    stack_.remove(at);
    formatting_.follow(stack_, at);
}

void html_construction::reset_mode()
{
    struct row {
        name_id name;
        insertion_mode mode;
    };
    using enum insertion_mode;
    constexpr row rows[] = {{tag::td, in_cell},          {tag::th, in_cell},
                            {tag::tr, in_row},           {tag::tbody, in_table_body},
                            {tag::thead, in_table_body}, {tag::tfoot, in_table_body},
                            {tag::caption, in_caption},  {tag::colgroup, in_column_group},
                            {tag::table, in_table},      {tag::template_, in_template},
                            {tag::head, in_head},        {tag::body, in_body},
                            {tag::frameset, in_frameset}};
    // The topmost of these decides; at the bottom of a fragment's stack stands its context.
    open_elements::index topmost = 0;
    name_id name = is_fragment_ ? context_.name : name_id{tag::html};
    for (const row& r : rows) {
        const auto at = stack_.find(r.name);
        if (at == open_elements::none || at == 0 || at < topmost) continue;
        topmost = at;
        name = r.name;
    }
    const bool at_context = topmost == 0;
    if (at_context && is_fragment_ && context_.space != ns::html) name = tag::body;
    if (name == tag::template_) {
        mode_ = template_modes_.back();
        return;
    }
    if (name == tag::html) {
        mode_ = head_ == no_node ? before_head : after_head;
        return;
    }
    mode_ = in_body;
    if (at_context && (name == tag::td || name == tag::th || name == tag::head)) return;
    for (const row& r : rows)
        if (r.name == name) mode_ = r.mode;
}

bool html_construction::spend(std::size_t work) noexcept
{
    if (work > work_left_) {
        builder_.set_limited();
        return false;
    }
    work_left_ -= work;
    return true;
}

/// Takes the leading white space of a text token.
std::string_view html_construction::take_space(html_token& t) const noexcept
{
    std::size_t size = 0;
    while (size < t.text.size() && has_class(t.text[size], is_space)) ++size;
    const std::string_view space = t.text.substr(0, size);
    t.text.remove_prefix(size);
    return space;
}

}  // namespace ferry::documents::detail

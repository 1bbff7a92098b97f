#pragma once

#include "ferry/documents/detail/html_formatting.hpp"
#include "ferry/documents/detail/html_tokenizer.hpp"

namespace ferry::documents::detail {

enum class insertion_mode : std::uint8_t {
    initial,
    before_html,
    before_head,
    in_head,
    in_head_noscript,
    after_head,
    in_body,
    text,
    in_table,
    in_table_text,
    in_caption,
    in_column_group,
    in_table_body,
    in_row,
    in_cell,
    in_template,
    after_body,
    in_frameset,
    after_frameset,
    after_after_body,
    after_after_frameset,
};

struct construction_options {
    bool scripting = false;
    std::size_t max_depth = 0;  ///< 0: none
    std::vector<tokenizer_error>* errors = nullptr;
};

/// The context element of a fragment.
struct fragment_context {
    name_id name = tag::body;
    namespace_id space = ns::html;
    quirks_mode quirks = quirks_mode::no_quirks;
    bool html_point = false;
};

/// The tree construction of the HTML Standard, section 13.2.6: reads all tokens, builds the tree.
///
/// The functions named for an insertion mode return whether the token is done; if not, it is to be
/// processed again in the mode that is current then.
class html_construction {
public:
    html_construction(tree_builder& builder, const construction_options& options);

    void parse_document();
    void parse_fragment(const fragment_context& context);

private:
    struct location {
        node_id parent;
        node_id before;
    };

    void run();
    bool process(html_token& t);
    bool process_by_mode(html_token& t) { return process_in(mode_, t); }
    bool process_in(insertion_mode mode, html_token& t);

    // Insertion: 13.2.6.1.
    location place_for(open_elements::index target) const noexcept;
    location foster_place() const noexcept;
    location place() const noexcept { return place_for(stack_.size() - 1); }
    node_id insert_html(const html_token& t);
    node_id insert_html(name_id name, std::size_t offset);
    void insert_void(html_token& t);
    node_id insert_element(const html_token& t, name_id name, namespace_id space, bool html_point);
    void open(node_id node, name_id name, name_id key, namespace_id space, bool html_point);
    void insert_characters(std::string_view text);
    void insert_comment(const html_token& t);
    void insert_comment(const html_token& t, node_id parent);
    void start_raw(html_token& t, tokenizer_state state);

    // Closing elements.
    void pop() noexcept { stack_.pop(); }
    void pop_through(open_elements::index at) noexcept;
    void pop_until(name_id name) noexcept { pop_through(stack_.find(name)); }
    void imply_end_tags(name_id except = no_name) noexcept;
    void imply_end_tags_thoroughly() noexcept;
    void close(name_id name, const html_token& t);
    void close_p(const html_token& t) { close(tag::p, t); }
    void reset_mode();
    void remove_from_stack(open_elements::index at);

    // Formatting: 13.2.4.3, 13.2.6.4.7.
    void reconstruct();
    void start_formatting(html_token& t);
    bool adopt(html_token& t);
    void adopt_once(std::size_t formatting, open_elements::index furthest);
    bool spend(std::size_t work) noexcept;

    bool initial(html_token& t);
    bool before_html(html_token& t);
    bool before_head(html_token& t);
    bool in_head(html_token& t);
    bool head_start_tag(html_token& t);
    bool in_head_noscript(html_token& t);
    bool after_head(html_token& t);
    void start_template(html_token& t);
    void end_template(const html_token& t);
    void read_doctype(const html_token& t);

    bool in_body(html_token& t);
    bool body_text(html_token& t);
    bool body_start_tag(html_token& t);
    bool body_start_block(html_token& t);
    bool body_start_select_part(html_token& t);
    bool body_start_other(html_token& t);
    bool body_end_tag(html_token& t);
    bool body_end_of_file(html_token& t);
    void start_html_again(html_token& t);
    void start_item(html_token& t, std::initializer_list<name_id> names);
    bool start_input(html_token& t);
    bool end_body(const html_token& t);
    void end_form(const html_token& t);
    void end_heading(const html_token& t);
    void end_other(const html_token& t);
    bool text(html_token& t);
    bool after_body(html_token& t);
    bool after_after_body(html_token& t);
    void insert_space_only(const html_token& t);
    bool in_frameset(html_token& t);
    bool after_frameset(html_token& t);
    bool after_after_frameset(html_token& t);

    bool in_table(html_token& t);
    bool table_start_tag(html_token& t);
    bool table_end_tag(html_token& t);
    bool in_table_otherwise(html_token& t);
    bool in_table_text(html_token& t);
    void add_table_text(std::string_view text);
    bool in_caption(html_token& t);
    bool in_column_group(html_token& t);
    bool in_table_body(html_token& t);
    bool in_row(html_token& t);
    bool in_cell(html_token& t);
    bool in_template(html_token& t);
    void clear_to(std::initializer_list<name_id> names) noexcept;
    void close_cell(const html_token& t);
    bool close_caption(const html_token& t);

    bool is_foreign(const html_token& t) const noexcept;
    bool in_foreign(html_token& t);
    bool foreign_start_tag(html_token& t);
    bool foreign_end_tag(html_token& t);
    bool break_out(html_token& t);
    void adjust_foreign_attributes(html_token& t, namespace_id space);
    namespace_id adjusted_space() const noexcept
    {
        return stack_.size() == 1 && is_fragment_ ? context_.space : stack_.top().space;
    }

    std::string_view take_space(html_token& t) const noexcept;
    void error(const char* code, const html_token& t);
    void fill_selected_content();

    tree_builder& builder_;
    construction_options options_;
    html_tokenizer tokenizer_;
    open_elements stack_;
    active_formatting formatting_;
    std::vector<insertion_mode> template_modes_;
    fragment_context context_;
    std::vector<node_id> selected_contents_;
    std::string pending_copy_;
    std::string_view pending_;  // table text
    std::size_t work_left_;     // what may be spent where the Standard's algorithms are not linear
    std::size_t clones_left_;
    node_id head_ = no_node;
    node_id form_ = no_node;
    insertion_mode mode_ = insertion_mode::initial;
    insertion_mode original_mode_ = insertion_mode::initial;
    quirks_mode quirks_ = quirks_mode::no_quirks;
    bool is_fragment_ = false;
    bool frameset_ok_ = true;
    bool foster_ = false;
    bool skip_line_feed_ = false;
    bool stopped_ = false;
};

}  // namespace ferry::documents::detail

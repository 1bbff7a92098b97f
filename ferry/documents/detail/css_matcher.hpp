#pragma once

#include "ferry/documents/detail/css_ast.hpp"
#include "ferry/documents/detail/css_forms.hpp"

#include <unordered_map>

namespace ferry::css::detail {

using documents::no_node;
using documents::node_id;
using documents::node_kind;
using documents::tree;

/// Counts what a search looks at, up to the limit.
class step_count {
public:
    explicit step_count(std::uint64_t most) noexcept : most_(most) {}
    void charge(std::uint64_t n)
    {
        done_ += n;
        if (done_ > most_) throw limit_error("max_steps", most_);
    }
    std::uint64_t done() const noexcept { return done_; }

private:
    std::uint64_t done_ = 0;
    std::uint64_t most_;
};

/// A name, resolved against those of one tree. In pages it matches without case, as in Chromium:
/// HTML elements have it in lower case, those of SVG and their attributes perhaps in another.
struct bound_name {
    documents::name_id plain = documents::no_name;
    documents::name_id svg_element = documents::no_name;
    documents::name_id svg_attribute = documents::no_name;
};

/// Matches the elements of one tree with one program.
///
/// A selector is read from right to left. For a descendant (or later sibling) combinator the
/// nearest element around that matches is as good as any other, so that there is one place to go
/// back to for each of the two, and no recursion; see matches(). What a search through ancestors or
/// siblings came to is remembered for every node it passed, so that a scan of a whole document is
/// linear however many elements start one.
class matcher {
public:
    /// \throws parse_error  a prefix that the context does not bind.
    matcher(const program& p, const tree& t, const context& with, node_id from);

    const tree& of() const noexcept { return tree_; }
    step_count& steps() noexcept { return steps_; }

    /// Whether any selector of the list matches.
    bool matches(const std::vector<complex>& list, node_id e);
    bool matches(const complex& c, node_id e);
    bool matches(const compound& c, node_id e);
    const bound_name& name(const simple& s) const noexcept { return names_[s.name]; }
    const documents::attribute* find(const simple& s, node_id e) const noexcept;

    /// From now on what is found out is remembered: many elements will be asked about.
    void remember() noexcept { remembers_ = true; }

private:
    enum class known : std::uint8_t { nothing, no, yes };
    struct search {
        const compound* at = nullptr;  ///< what is looked for; null: none goes on
        node_id node = no_node;        ///< the last that was looked at
    };
    struct entry {
        std::uint32_t slot;
        node_id node;
    };
    /// The elements that the rest of a relative selector matches from, in [from, to).
    struct found_list {
        node_id from = no_node;
        node_id to = no_node;
        std::vector<node_id> all;
    };

    /// Of a selector with more parts than that, the rest is not remembered, so that memory is a
    /// multiple of the tree's; max_steps ends what then takes too long.
    static constexpr std::uint32_t max_tables = 64;

    bool is_html(node_id e) const noexcept
    {
        return is_html_tree_ && tree_[e].space == documents::ns::html;
    }
    node_id parent(node_id e) const noexcept;
    node_id previous(node_id e);
    node_id next(node_id e);

    bool is_named(const simple& s, const documents::attribute& a, node_id e) const noexcept;
    bool test_one(const simple& s, node_id e);
    bool is_type(const simple& s, node_id e) const noexcept;
    bool in_space(const simple& s, documents::namespace_id space) const noexcept;
    bool test_attribute(const simple& s, node_id e);
    bool compare(const simple& s, const documents::attribute& a, bool html);
    void charge_search(std::string_view text, std::string_view part);
    bool has_class(const simple& s, node_id e);
    bool has_id(const simple& s, node_id e) const noexcept;
    bool is_empty(node_id e) const noexcept;

    bool search_on(search& s, bool up, std::vector<entry>& trail, bool& found, node_id& next);
    known recall(std::uint32_t slot, node_id n) const noexcept;
    void record(const std::vector<entry>& trail, known what);
    void record(std::uint32_t slot, node_id n, known what);
    bool remembers();

    bool test_nth(const simple& s, node_id e);
    std::uint32_t place(const simple& s, node_id e);
    void number_children(const simple& s, node_id e, std::vector<std::uint32_t>& places);

    bool has(const complex& c, std::size_t i, node_id e);
    bool goes_on(const complex& c, std::size_t i, node_id f);
    bool has_below(const complex& c, std::size_t i, node_id e);
    bool has_later(const complex& c, std::size_t i, node_id e);
    node_id scan(const complex& c, std::size_t i, node_id from, node_id end,
                 std::vector<node_id>& into, bool first_only);

    bool test_lang(const simple& s, node_id e);
    bool test_dir(const simple& s, node_id e);
    bool test_text(const simple& s, node_id e);
    bool contains(const simple& s, node_id e);
    std::string_view language(node_id e);
    bool is_right_to_left(node_id e);
    const std::string& whole_text(bool in_lower_case);

    const program& program_;
    const tree& tree_;
    step_count steps_;
    std::vector<bound_name> names_;
    std::vector<documents::namespace_id> prefixes_;
    std::optional<documents::namespace_id> default_space_;
    node_id scope_;
    bool is_html_tree_;
    bool is_quirky_;
    bool remembers_ = false;
    std::vector<entry> up_trail_, side_trail_;
    std::vector<std::vector<known>> known_;  // by slot
    std::vector<std::vector<std::uint32_t>> places_;
    std::vector<found_list> found_;
    std::string text_, lower_text_, scratch_;
    std::vector<std::uint32_t> text_before_;  // by node: bytes of text in front of it
    std::unordered_map<const simple*, std::vector<std::size_t>> occurrences_;
    std::optional<std::string> page_language_;
    form_states forms_;
};

}  // namespace ferry::css::detail

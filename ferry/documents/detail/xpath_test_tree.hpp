#pragma once

#include "ferry/documents/detail/xpath_names.hpp"
#include "ferry/documents/tree_builder.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::xpath::detail {

/// Builds trees for tests from well-formed markup without character references: exactly the nodes
/// that are written, so that a test does not depend on what a parser adds. `xmlns="..."` sets the
/// namespace of an element and of those inside it.
class test_tree {
public:
    static documents::tree html(std::string_view markup) { return test_tree(markup).build(true); }
    static documents::tree xml(std::string_view markup) { return test_tree(markup).build(false); }

private:
    explicit test_tree(std::string_view markup) : builder_(std::string(markup)) {}

    struct open_element {
        documents::node_id id;
        documents::namespace_id space;
    };

    documents::tree build(bool is_html)
    {
        std::string_view rest = builder_.source();
        std::vector<open_element> open{{0, is_html ? documents::ns::html : documents::ns::none}};
        if (is_html) builder_.set_html(documents::quirks_mode::no_quirks);
        while (!rest.empty()) {
            const documents::node_id parent = open.back().id;
            if (!rest.starts_with('<')) {
                builder_.insert_text(take_until(rest, "<", 0), parent);
            } else if (rest.starts_with("</")) {
                take_until(rest, ">", 1);
                open.pop_back();
            } else if (rest.starts_with("<!--")) {
                rest.remove_prefix(4);
                insert(documents::node_kind::comment, take_until(rest, "-->", 3), parent);
            } else if (rest.starts_with("<?")) {
                rest.remove_prefix(2);
                std::string_view text = take_until(rest, "?>", 2);
                const std::string_view target = take_until(text, " ", 1);
                builder_.insert(builder_.make(documents::node_kind::processing_instruction, text, 0,
                                              builder_.intern(target)),
                                parent);
            } else {
                rest.remove_prefix(1);
                element(take_until(rest, ">", 1), open);
            }
        }
        return std::move(builder_).finish();
    }

    static std::string_view take_until(std::string_view& from, std::string_view mark,
                                       std::size_t skipped)
    {
        const std::size_t at = std::min(from.find(mark), from.size());
        const std::string_view taken = from.substr(0, at);
        from.remove_prefix(std::min(from.size(), at + skipped));
        return taken;
    }

    void insert(documents::node_kind kind, std::string_view text, documents::node_id parent)
    {
        builder_.insert(builder_.make(kind, text, 0), parent);
    }

    void element(std::string_view tag, std::vector<open_element>& open)
    {
        const bool is_empty = tag.ends_with('/');
        if (is_empty) tag.remove_suffix(1);
        const std::string_view name = take_until(tag, " ", 1);
        documents::namespace_id space = open.back().space;
        std::vector<documents::attribute> attributes;
        while (!tag.empty()) {
            std::string_view key = take_until(tag, "=", 2);
            const std::string_view value = take_until(tag, "\"", 1);
            while (tag.starts_with(' ')) tag.remove_prefix(1);
            if (key == "xmlns") {
                space = builder_.intern_namespace(value);
                continue;
            }
            const bool is_xml = key.starts_with("xml:");
            if (is_xml) key.remove_prefix(4);
            attributes.push_back(builder_.make_attribute(
                builder_.intern(key), value, is_xml ? documents::ns::xml : documents::ns::none,
                is_xml ? builder_.intern_prefix("xml") : std::uint8_t{0}));
        }
        const documents::node_id id =
            builder_.make_element(builder_.intern(name), space, attributes, 0);
        builder_.insert(id, open.back().id);
        if (!is_empty) open.push_back({id, space});
    }

    documents::tree_builder builder_;
};

}  // namespace ferry::xpath::detail

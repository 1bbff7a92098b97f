#include "ferry/documents/tree.hpp"

#include "ferry/documents/tree_builder.hpp"

#include <gtest/gtest.h>

namespace ferry::documents {
namespace {

std::string dump(const tree& t, node_id n = 0)
{
    if (t.kind(n) == node_kind::text) return std::string(t.text(n));
    std::string out = t.is_element(n) ? std::string(t.local_name(n)) : std::string();
    out += '(';
    for (node_id c = t.first_child(n); c != no_node; c = t.next_sibling(c)) out += dump(t, c) + ' ';
    return out + ')';
}

TEST(tree, keeps_document_order_when_appended_in_order)
{
    tree_builder b("hello world");
    const node_id p = b.make_element(b.intern("p"), ns::html, {}, 0);
    b.insert(p, 0);
    b.insert_text(b.source().substr(0, 5), p);
    b.insert_text(b.source().substr(5), p);
    const node_id own = b.make_element(b.intern("x-own"), ns::html, {}, 0);
    b.insert(own, p);
    b.insert_text("copied", own);
    b.insert_text(" tail", 0);
    const tree t = std::move(b).finish();
    EXPECT_EQ(dump(t), "(p(hello world x-own(copied ) )  tail )");
    EXPECT_EQ(t.size(), 6U);
    EXPECT_EQ(t.end(1), 5U);
    EXPECT_EQ(t.last_child(0), 5U);
    EXPECT_EQ(t.last_child(1), 3U);
    EXPECT_EQ(t.previous_sibling(3), 2U);
    EXPECT_EQ(t.text_content(0), "hello worldcopied tail");
    EXPECT_EQ(t.local_name(3), "x-own");
    EXPECT_EQ(t.find_name("x-own"), t[3].name);
    EXPECT_EQ(t.find_name("x-other"), no_name);
    EXPECT_TRUE(t.is_ancestor(1, 4));
    EXPECT_FALSE(t.is_ancestor(1, 5));
}

TEST(tree, is_put_in_document_order_after_insertions_elsewhere)
{
    tree_builder b("");
    const auto element = [&](const char* name) {
        return b.make_element(b.intern(name), ns::html, {}, 0);
    };
    const node_id table = element("table");
    b.insert(table, 0);
    const node_id row = element("tr");
    b.insert(row, table);
    b.insert_text("fostered", 0, table);
    b.insert_text(" on", 0, table);
    const node_id bold = element("b");
    b.insert(bold, 0, table);
    const node_id cell = element("td");
    b.insert(cell, row);
    b.insert_text("in cell", cell);
    b.move_children(row, bold);
    const node_id gone = element("i");
    b.insert(gone, row);
    b.detach(gone);
    b.insert_text("more", 0, table);
    const tree t = std::move(b).finish();
    EXPECT_EQ(dump(t), "(fostered on b(td(in cell ) ) more table(tr() ) )");
    for (node_id n = 1; n < t.size(); ++n) {
        EXPECT_LT(t.parent(n), n);
        EXPECT_TRUE(t.is_ancestor(t.parent(n), n));
    }
}

TEST(tree, extends_alternating_texts_in_linear_space)
{
    tree_builder b("");
    const node_id one = b.make_element(b.intern("a"), ns::html, {}, 0);
    b.insert(one, 0);
    const node_id two = b.make_element(b.intern("b"), ns::html, {}, 0);
    b.insert(two, 0);
    for (int i = 0; i < 20'000; ++i) {
        b.insert_text("x", one);
        b.insert_text("yz", two);
    }
    const tree t = std::move(b).finish();
    EXPECT_EQ(t.text_content(one).size(), 20'000U);
    EXPECT_EQ(t.text_content(0).substr(19'999, 5), "xyzyz");
    EXPECT_LT(t.memory_bytes(), 20'000U * 3 * 20);
}

TEST(tree, holds_attributes_with_namespaces_and_prefixes)
{
    tree_builder b("value");
    const attribute given[] = {
        b.make_attribute(b.intern("href"), b.source(), ns::xlink, b.intern_prefix("xlink")),
        b.make_attribute(b.intern("class"), "a b"), b.make_attribute(b.intern("p"), "", 7)};
    b.insert(b.make_element(b.intern("use"), ns::svg, given, 3), 0);
    const attribute late[] = {b.make_attribute(b.intern("class"), "c"),
                              b.make_attribute(b.intern("id"), "d")};
    b.merge_attributes(1, late);
    const tree t = std::move(b).finish();
    ASSERT_EQ(t.attributes(1).size(), 4U);
    EXPECT_EQ(t.qualified_name(t.attributes(1)[0]), "xlink:href");
    EXPECT_EQ(t.value(t.attributes(1)[0]), "value");
    EXPECT_EQ(t.attribute_value(1, "class"), "a b");
    EXPECT_EQ(t.attribute_value(1, "id"), "d");
    EXPECT_EQ(t.attribute_value(1, "href"), std::nullopt);
    EXPECT_NE(t.find_attribute(1, t.find_name("href"), ns::xlink), nullptr);
    EXPECT_EQ(t.namespace_uri(t[1].space), "http://www.w3.org/2000/svg");
}

}  // namespace
}  // namespace ferry::documents

#include "ferry/documents/html.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using documents::node_id;
using documents::node_kind;

/// As the peer's dump().
std::string dump(const documents::tree& t, node_id root)
{
    std::string out;
    const auto line = [&out](std::string_view text) {
        if (!out.empty()) out += '\n';
        out += text;
    };
    const auto text_at = [&](node_id n) {
        const bool is_text = n != documents::no_node && t.kind(n) == node_kind::text;
        line('"' + (is_text ? std::string(t.text(n)) : std::string()) + '"');
    };
    std::vector<node_id> open;
    const auto close = [&] {
        const node_id n = open.back();
        open.pop_back();
        if (t.is_element(n)) line(">");
        if (n != root) text_at(t.next_sibling(n));
    };
    for (node_id n = root; n < t.end(root); ++n) {
        while (!open.empty() && t.end(open.back()) <= n) close();
        if (t.kind(n) == node_kind::text) continue;
        open.push_back(n);
        if (t.kind(n) == node_kind::comment) {
            line('!' + std::string(t.text(n)));
        } else if (t.kind(n) == node_kind::processing_instruction) {
            line('?' + std::string(t.local_name(n)) + ' ' + std::string(t.text(n)));
        } else {
            line('<' + std::string(t.local_name(n)));
            for (const auto& a : t.attributes(n))
                line(std::string(t.name(a.name)) + '=' + std::string(t.value(a)));
            text_at(t.first_child(n));
        }
    }
    while (!open.empty()) close();
    return out;
}

TEST(html_compat_interop, builds_the_tree_that_lxml_builds)
{
    std::vector<std::string> pages = {
        "<p><b>x<p>y</b>z",
        "<div><a>1<p>2</a>3</p></div>",
        "<table>foo<tr><td>1</table>",
        "<svg viewBox='0 0 1 1'><foreignObject/></svg>",
        "&amp &copy &#128; &AMP; &bogus; &eacute;",
        "<textarea>\n\nx</textarea>",
        "<p a=1 a=2 B=3 c>",
        "x",
        "<!DOCTYPE html><!-- c --><html lang=en><head><title>t</title></head><body>x</body></html>",
        "<?php echo 1 ?><p>x",
        "<script>a < b && c</script><style>p > a {}</style>",
        "<ul><li>1<li>2<ul><li>3</ul></ul>",
        "<select><option>1<option selected>2</select>",
        "<frameset><frame src=x></frameset>",
        "<p>caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
        "<a href='?a=1&b=2&copy=3'>x</a>",
        "<template><p>t</p></template><main><x-y>z</x-y></main>",
        "<math><mi xlink:href='x'>y</math>",
    };
    std::string deep;
    for (int i = 0; i < 2000; ++i) deep += "<div>";
    pages.push_back(deep + "x");
    for (const char* name : {"index", "library/json", "library/functions", "tutorial/classes"}) {
        pages.push_back(
            testing::read_file(std::string("/usr/share/doc/python3.11/html/") + name + ".html"));
        ASSERT_FALSE(pages.back().empty()) << name << ": install python3-doc";
    }
    std::string input;
    for (std::size_t i = 0; i < pages.size(); ++i)
        input += (i == 0 ? "" : std::string(1, '\0')) + pages[i];
    const auto peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/html_compat_peer.py"}, input);
    ASSERT_EQ(peer.status, 0) << peer.err;
    std::string_view left = peer.out;
    const auto with = html::options().compat(html::compat::lxml);
    for (const std::string& text : pages) {
        SCOPED_TRACE(text.substr(0, 200));
        const std::size_t end = left.find('\0');
        const html::document page = html::parse(text, with);
        EXPECT_EQ(dump(page.tree(), page.root().id()), left.substr(0, end));
        left.remove_prefix(end + 1);
    }
}

}  // namespace
}  // namespace ferry

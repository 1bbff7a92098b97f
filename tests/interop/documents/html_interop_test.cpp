#include "ferry/documents/html.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace ferry {
namespace {

using documents::node_kind;

/// The tree as html5lib's test serialiser prints it.
std::string dump(const documents::tree& t)
{
    std::string out = "#document";
    std::vector<std::size_t> depth(t.size());
    for (documents::node_id n = 1; n < t.size(); ++n) {
        depth[n] = depth[t.parent(n)] + 1;
        const std::string indent = "\n|" + std::string(2 * depth[n], ' ');
        out += indent;
        switch (t.kind(n)) {
            case node_kind::text: out += '"' + std::string(t.text(n)) + '"'; break;
            case node_kind::comment: out += "<!-- " + std::string(t.text(n)) + " -->"; break;
            case node_kind::doctype: out += "<!DOCTYPE " + std::string(t.text(n)) + '>'; break;
            case node_kind::element: {
                const auto space = t[n].space;
                out += space == documents::ns::svg      ? "<svg "
                       : space == documents::ns::mathml ? "<math "
                                                        : "<html ";
                out += std::string(t.local_name(n)) + '>';
                std::vector<std::string> lines;
                for (const auto& a : t.attributes(n))
                    lines.push_back(indent + "  " + std::string(t.name(a.name)) + "=\"" +
                                    std::string(t.value(a)) + '"');
                std::sort(lines.begin(), lines.end());
                for (const auto& line : lines) out += line;
                break;
            }
            default: break;
        }
    }
    return out;
}

TEST(html_interop, builds_the_tree_that_html5lib_builds)
{
    const std::vector<std::string> pages = {
        "<!DOCTYPE html><title>t</title><p class='a b' id=x>text<br>more",
        "<p><b>x<p>y</b>z",
        "<div><a>1<p>2</a>3</p></div>",
        "<table>foo<tr><td>1<table><tr><th>x</table></table>y",
        "<svg viewBox='0 0 1 1'><foreignObject><p>x</foreignObject><circle/></svg>",
        "<math><mi>x<annotation-xml encoding=text/html><div>y</math>z",
        "&amp &copy &#128; &notit; &notin; &AMP; <a href='?a&lt=1&copy;'>",
        "<ul><li>1<ul><li>2</ul><li>3</ul><dl><dt>a<dd>b<dt>c</dl>",
        "<b>1<i>2</b>3</i><u><u><u><u>4<p>5",
        "<script>if (a < b) '</p>' <!-- </script>x<style>a</b></style><textarea>\n\n<b></textarea>",
        "<!--a--!b--><!-- c --></x><?php ?><body a=1><body b=2 a=3></body></html> tail",
        "<frameset><frame></frameset>x",
        "<form><div></form>x<form>y</form><button>1<button>2",
        "<h1>a<h2>b</h1>c<pre>\n\nx</pre><li>d<hr>e",
        "<ruby>a<rt>b<rp>c</ruby><center>d</center><nobr>e<nobr>f<marquee>g</nobr>h",
    };
    testing::temporary_directory directory;
    const auto path = directory.path() / "pages";
    {
        std::ofstream out(path, std::ios::binary);
        for (std::size_t i = 0; i < pages.size(); ++i)
            out << (i == 0 ? "" : std::string(1, '\0')) << pages[i];
    }
    const auto peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/html_peer.py", path.string()});
    ASSERT_EQ(peer.status, 0) << peer.err;
    std::string_view left = peer.out;
    for (const std::string& page : pages) {
        SCOPED_TRACE(page);
        const std::size_t end = left.find('\0');
        ASSERT_NE(end, std::string_view::npos);
        EXPECT_EQ(dump(html::parse(page).tree()), left.substr(0, end));
        left.remove_prefix(end + 1);
    }
}

}  // namespace
}  // namespace ferry

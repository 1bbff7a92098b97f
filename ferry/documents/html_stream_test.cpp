#include "ferry/documents/html_stream.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

namespace ferry::html {
namespace {

std::string read(std::string_view selector, std::string_view page, std::size_t piece)
{
    std::string out;
    stream reader(selector, [&out](const element& e) { out += e.outer_html() + '\n'; });
    for (std::size_t at = 0; at < page.size(); at += piece) reader.feed(page.substr(at, piece));
    reader.finish();
    return out;
}

TEST(html_stream, gives_each_element_when_it_is_whole)
{
    struct row {
        const char* selector;
        const char* page;
        const char* found;
    };
    const row rows[] = {
        {"tr.t", "<table><tr class=t><td>1<td>a &amp; b<tr><td>no<tr class='t x'><td>2</table>x",
         "<tr class=\"t\"><td>1</td><td>a &amp; b</td></tr>\n"
         "<tr class=\"t x\"><td>2</td></tr>\n"},
        {"li", "<ul><li>1<li>2<ul><li>in</ul><li>3</ul><li>4",
         "<li>1</li>\n<li>2<ul><li>in</li></ul></li>\n<li>3</li>\n<li>4</li>\n"},
        {"div:not(.no)", "<div class=no><div>a<div>b</div></div></div>",
         "<div>a<div>b</div></div>\n"},
        {"img[src]", "<img><img src=x>y", "<img src=\"x\">\n"},
        {"p", "<p>1<b>2</b><div>3</div><p>4</p>", "<p>1<b>2</b></p>\n<p>4</p>\n"},
        {"script", "<script>a<b</script>", "<script>a<b</script>\n"},
        {"a", "<a href='?x&amp;y=\"'>t<!--c--></a>", "<a href=\"?x&amp;y=&quot;\">t<!--c--></a>\n"},
        {"td", "<td>1<table><tr><td>2</table>3<td>4",
         "<td>1<table><tbody><tr><td>2</td></tr></tbody></table>3</td>\n<td>4</td>\n"},
        {"b", "no", ""},
        {"td", "<table><tr><td><b>1<td>2</table>", "<td><b>1</b></td>\n<td>2</td>\n"},
        {"td", "<td>a</div>b</p>c", "<td>ab<p></p>c</td>\n"},
        {"tr", "<table><tr><td><table><tr><td>in</table><tr><td>2</table>",
         "<tr><td><table><tbody><tr><td>in</td></tr></tbody></table></td></tr>\n"
         "<tr><td>2</td></tr>\n"},
        {"tbody", "<table><tr><tbody><tr><td>1<tfoot><tr><td>2</table>",
         "<tbody><tr><td>1</td></tr></tbody>\n"},
        {"p", "<div><p>a</span>b</b>c<p>d</div>e", "<p>abc</p>\n<p>d</p>\n"},
        {"p", "<p><button><p>in</p></button></p>", "<p><button><p>in</p></button></p>\n"},
        {"li", "<ul><li><b>1<li>2</ul><li>3", "<li><b>1</b></li>\n<li>2</li>\n<li>3</li>\n"},
        {"dd", "<dl><dt>a<dd>b<dt>c<dd>d</dl>", "<dd>b</dd>\n<dd>d</dd>\n"},
        {"option", "<select><option>1<option>2</select>",
         "<option>1</option>\n<option>2</option>\n"},
        {"div", "<div/>a</div>", "<div>a</div>\n"},
        {"x-a", "<x-a>1<x-b>2</x-b></x-a><x-b>", "<x-a>1<x-b>2</x-b></x-a>\n"},
        {"svg", "<svg><g/><title>x</title></svg><svg/>y",
         "<svg><g></g><title>x</title></svg>\n<svg></svg>\n"},
        {"textarea", "<textarea>a<b>&amp;</textarea>", "<textarea>a&lt;b&gt;&amp;</textarea>\n"},
        {"a", "<a href='x>y'>1</a><a =b=c d=e>2</a>",
         "<a href=\"x&gt;y\">1</a>\n<a =b=\"c\" d=\"e\">2</a>\n"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.page);
        for (const std::size_t piece : {1, 4, 1000})
            EXPECT_EQ(read(r.selector, r.page, piece), r.found);
    }
}

TEST(html_stream, keeps_memory_within_a_limit)
{
    std::size_t count = 0;
    stream reader("i", [&](const element&) { ++count; }, 10'000);
    for (int i = 0; i < 20'000; ++i) reader.feed("<i>x</i> text ");
    reader.finish();
    EXPECT_EQ(count, 20'000U);
    stream limited("div", [](const element&) {}, 1000);
    EXPECT_THROW(for (int i = 0; i < 1000; ++i) limited.feed("<div>xxxx"), limit_error);
    EXPECT_THROW(stream("a b", [](const element&) {}), parse_error);
    EXPECT_THROW(stream("a:first-child", [](const element&) {}), parse_error);
}

}  // namespace
}  // namespace ferry::html

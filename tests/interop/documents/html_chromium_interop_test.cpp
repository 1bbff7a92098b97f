#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace ferry {
namespace {

using documents::node_kind;

struct random_page {
    std::string text;
    std::string context;  // empty: a whole page
};

/// Tag soup. What Chromium is known to do otherwise than the Standard is not in it: U+FFFD as white
/// space before a frameset, `search` as no special element, forms in tables of templates, `&#x;`.
class soup {
public:
    explicit soup(std::uint32_t seed) : numbers_(seed) {}

    random_page next()
    {
        random_page made;
        if (numbers_() % 3 == 0) made.context = one_of(contexts);
        for (std::size_t left = 2 + numbers_() % 16; left > 0; --left) made.text += piece();
        return made;
    }

private:
    static constexpr const char* contexts[] = {
        "div",      "body",  "table",    "tbody",  "tr",     "td",      "caption",
        "colgroup", "title", "textarea", "style",  "option", "svg svg", "svg foreignObject",
        "svg desc", "p",     "ruby",     "button", "li",     "head"};
    static constexpr const char* tags[] = {"p",
                                           "div",
                                           "span",
                                           "a",
                                           "b",
                                           "i",
                                           "em",
                                           "nobr",
                                           "font",
                                           "table",
                                           "tbody",
                                           "tr",
                                           "td",
                                           "th",
                                           "caption",
                                           "colgroup",
                                           "col",
                                           "thead",
                                           "select",
                                           "option",
                                           "optgroup",
                                           "hr",
                                           "svg",
                                           "math",
                                           "mi",
                                           "mo",
                                           "mtext",
                                           "annotation-xml",
                                           "foreignObject",
                                           "desc",
                                           "title",
                                           "button",
                                           "li",
                                           "ul",
                                           "dl",
                                           "dd",
                                           "dt",
                                           "h1",
                                           "h2",
                                           "applet",
                                           "marquee",
                                           "object",
                                           "frameset",
                                           "frame",
                                           "head",
                                           "body",
                                           "html",
                                           "input",
                                           "textarea",
                                           "script",
                                           "style",
                                           "pre",
                                           "listing",
                                           "form",
                                           "ruby",
                                           "rb",
                                           "rt",
                                           "rp",
                                           "rtc",
                                           "br",
                                           "img",
                                           "image",
                                           "meta",
                                           "base",
                                           "center",
                                           "address",
                                           "iframe",
                                           "xmp",
                                           "noembed",
                                           "plaintext",
                                           "main",
                                           "menuitem",
                                           "keygen",
                                           "param",
                                           "path",
                                           "mglyph",
                                           "malignmark",
                                           "x-foo",
                                           "details"};
    static constexpr const char* attributes[] = {"",
                                                 "",
                                                 "",
                                                 " a=1",
                                                 " id=x a=2 A=3",
                                                 " class='c d'",
                                                 " type=hidden",
                                                 " encoding=text/html",
                                                 " color=red",
                                                 " xlink:href=q",
                                                 " xml:lang=en",
                                                 " definitionurl=d",
                                                 " viewbox=v",
                                                 " b=\"&amp;&lt\"",
                                                 " a/b",
                                                 " \"x",
                                                 " =y"};
    static constexpr const char* texts[] = {"x",
                                            "y z",
                                            " ",
                                            "\n",
                                            "&amp;",
                                            "&notit;",
                                            "&lt",
                                            "\u00e9",
                                            "<",
                                            "</",
                                            "&",
                                            "&#128;",
                                            "<!-- c -->",
                                            "<!-->",
                                            "]]>",
                                            "<![CDATA[x]]>",
                                            "<!DOCTYPE html>",
                                            "</>",
                                            "<!x>"};

    template <std::size_t N>
    const char* one_of(const char* const (&all)[N])
    {
        return all[numbers_() % N];
    }

    std::string piece()
    {
        const auto kind = numbers_() % 8;
        if (kind < 4) {
            std::string made = std::string("<") + one_of(tags);
            made += one_of(attributes);
            return made += numbers_() % 16 == 0 ? "/>" : ">";
        }
        if (kind < 6) return std::string("</") + one_of(tags) + '>';
        return one_of(texts);
    }

    std::mt19937 numbers_;
};

/// As the driver prints what Chromium made.
std::string dump(const documents::tree& t)
{
    std::string out;
    std::vector<std::size_t> depth(t.size());
    for (documents::node_id n = 1; n < t.size(); ++n) {
        depth[n] = depth[t.parent(n)] + 1;
        const std::string indent(depth[n], ' ');
        out += indent;
        switch (t.kind(n)) {
            case node_kind::text: out += '"' + std::string(t.text(n)); break;
            case node_kind::comment: out += '!' + std::string(t.text(n)); break;
            case node_kind::doctype: out += "doctype " + std::string(t.text(n)); break;
            default: {
                const auto space = t[n].space;
                out += space == documents::ns::svg      ? "svg "
                       : space == documents::ns::mathml ? "math "
                                                        : "";
                out += t.local_name(n);
                std::vector<std::string> lines;
                for (const auto& a : t.attributes(n))
                    lines.push_back('\n' + indent + '@' + t.qualified_name(a) + '=' +
                                    std::string(t.value(a)));
                std::sort(lines.begin(), lines.end());
                for (const auto& line : lines) out += line;
            }
        }
        out += '\n';
    }
    return out;
}

constexpr const char* driver = R"(;
const spaces = {'http://www.w3.org/2000/svg': 'svg ', 'http://www.w3.org/1998/Math/MathML': 'math '};
function dump(node, depth, out) {
  const indent = ' '.repeat(depth);
  for (const n of node.childNodes) {
    if (n.nodeType == 3) out.push(indent + '"' + n.data);
    else if (n.nodeType == 8) out.push(indent + '!' + n.data);
    else if (n.nodeType == 10) out.push(indent + 'doctype ' + n.name);
    else {
      out.push(indent + (spaces[n.namespaceURI] || '') + n.localName);
      out.push(...[...n.attributes].map(a => indent + '@' + a.name + '=' + a.value).sort());
      dump(n, depth + 1, out);
    }
  }
}
function made({text, context}) {
  const page = new DOMParser().parseFromString(context ? '<!DOCTYPE html>' : text, 'text/html');
  const [name, space] = context.split(' ').reverse();
  const around = space ? page.createElementNS('http://www.w3.org/2000/svg', name)
                       : context && page.createElement(name);
  if (context) around.innerHTML = text;
  const out = [];
  dump(context ? around : page, 1, out);
  return out.map(line => line + '\n').join('');
}
document.getElementById('out').textContent = JSON.stringify(pages.map(made));
</script>)";

TEST(html_interop, builds_the_tree_that_chromium_builds)
{
    soup all(20'261'126);
    std::vector<random_page> pages;
    value sent = value::array();
    for (int i = 0; i < 1500; ++i) {
        const random_page& made = pages.emplace_back(all.next());
        sent.push_back(value::object("text", made.text, "context", made.context));
    }
    testing::temporary_directory directory;
    const auto path = directory.path() / "driver.html";
    std::ofstream(path, std::ios::binary)
        << "<!DOCTYPE html><meta charset=utf-8><pre id=out></pre><script>\nconst pages = "
        << json::dump(sent, json::dump_options().html_safe()) << driver;
    const auto browser = testing::run_program(
        {"/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--user-data-dir=" + (directory.path() / "profile").string(),
         "--dump-dom", "file://" + path.string()});
    ASSERT_EQ(browser.status, 0) << browser.err;
    const value found = json::parse(html::parse(browser.out).get_element_by_id("out").text());
    ASSERT_EQ(found.size(), pages.size());
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const random_page& p = pages[i];
        const html::document made =
            p.context.empty() ? html::parse(p.text) : html::parse_fragment(p.text, p.context);
        EXPECT_EQ(dump(made.tree()), found[i].as<std::string>()) << p.context << ": " << p.text;
    }
}

}  // namespace
}  // namespace ferry

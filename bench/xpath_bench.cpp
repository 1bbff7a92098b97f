// XPath: ferry, libxml2 and pugixml on the same trees of 50 real pages (Debian's
// cppreference-doc-en-html and python3-doc). libxml2 parses, and its tree is copied into the
// others', so that all must find the same number of nodes. FERRY_BENCH_PAGES names folders to take
// the pages from instead, with `:` between.

#include "ferry/documents/tree_builder.hpp"
#include "ferry/documents/xpath.hpp"

#include "bench/bench.hpp"
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <pugixml.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace {

using namespace ferry;

struct free_document {
    void operator()(xmlDoc* d) const { xmlFreeDoc(d); }
};
struct free_context {
    void operator()(xmlXPathContext* c) const { xmlXPathFreeContext(c); }
};
struct free_compiled {
    void operator()(xmlXPathCompExpr* e) const { xmlXPathFreeCompExpr(e); }
};
struct free_object {
    void operator()(xmlXPathObject* o) const { xmlXPathFreeObject(o); }
};

struct page {
    std::unique_ptr<xmlDoc, free_document> rival;
    documents::tree tree;
    std::unique_ptr<pugi::xml_document> other;
};

const xmlChar* chars(const std::string& text)
{
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

std::string_view view(const xmlChar* text)
{
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// Copies libxml2's tree into ferry's, and into pugixml's; goes down and up by links.
documents::tree copied(xmlDoc* from, pugi::xml_document& other)
{
    documents::tree_builder to("");
    to.set_html(documents::quirks_mode::no_quirks);
    std::vector<documents::node_id> open{0};
    pugi::xml_node at = other;
    xmlNode* n = from->children;
    while (n != nullptr) {
        if (n->type == XML_ELEMENT_NODE) {
            std::vector<documents::attribute> attributes;
            pugi::xml_node child = at.append_child(std::string(view(n->name)).c_str());
            for (xmlAttr* a = n->properties; a != nullptr; a = a->next) {
                std::string value;
                for (xmlNode* v = a->children; v != nullptr; v = v->next) value += view(v->content);
                attributes.push_back(to.make_attribute(to.intern(view(a->name)), value));
                child.append_attribute(std::string(view(a->name)).c_str()).set_value(value.c_str());
            }
            const documents::node_id made =
                to.make_element(to.intern(view(n->name)), documents::ns::html, attributes, 0);
            to.insert(made, open.back());
            if (n->children != nullptr) {
                open.push_back(made);
                at = child;
                n = n->children;
                continue;
            }
        } else if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) {
            to.insert_text(view(n->content), open.back());
            at.append_child(pugi::node_pcdata).set_value(std::string(view(n->content)).c_str());
        } else if (n->type == XML_COMMENT_NODE) {
            to.insert(to.make(documents::node_kind::comment, view(n->content), 0), open.back());
        }
        while (n != nullptr && n->next == nullptr) {
            n = n->parent == nullptr || n->parent->type != XML_ELEMENT_NODE ? nullptr : n->parent;
            open.pop_back();
            at = at.parent();
        }
        if (n != nullptr) n = n->next;
    }
    return std::move(to).finish();
}

std::vector<std::filesystem::path> chosen_pages()
{
    const char* const given = std::getenv("FERRY_BENCH_PAGES");
    std::stringstream folders(
        given != nullptr ? given
                         : "/usr/share/cppreference/doc/html/en:/usr/share/doc/python3.11/html");
    std::vector<std::filesystem::path> out;
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::vector<std::filesystem::path> all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            const bool is_page = entry.is_regular_file() && entry.path().extension() == ".html";
            if (is_page && entry.file_size() >= 2000 && entry.file_size() <= 400'000) {
                all.push_back(entry.path());
            }
        }
        std::sort(all.begin(), all.end());
        constexpr std::size_t wanted = 25;
        for (std::size_t i = 0; i < std::min(wanted, all.size()); ++i) {
            out.push_back(all[i * all.size() / std::min(wanted, all.size())]);
        }
    }
    return out;
}

std::vector<page> load()
{
    std::vector<page> pages;
    std::size_t nodes = 0;
    for (const auto& path : chosen_pages()) {
        std::ifstream in(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        std::unique_ptr<xmlDoc, free_document> rival(htmlReadMemory(
            text.data(), static_cast<int>(text.size()), nullptr, nullptr,
            HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
        if (!rival) continue;
        auto other = std::make_unique<pugi::xml_document>();
        documents::tree tree = copied(rival.get(), *other);
        nodes += tree.size();
        pages.push_back({std::move(rival), std::move(tree), std::move(other)});
    }
    std::printf("# %zu pages, %zu nodes\n", pages.size(), nodes);
    return pages;
}

double amount(const xmlXPathObject& o)
{
    if (o.type != XPATH_NODESET) return xmlXPathCastToNumber(const_cast<xmlXPathObject*>(&o));
    return o.nodesetval == nullptr ? 0 : o.nodesetval->nodeNr;
}

void compare(const std::vector<page>& pages, const char* name, const std::string& text)
{
    if (!bench::wanted("xpath", std::string("ferry/") + name)) return;
    const auto own = xpath::expression::compile(text);
    const std::unique_ptr<xmlXPathCompExpr, free_compiled> other(xmlXPathCompile(chars(text)));
    const pugi::xpath_query third(text.c_str());

    const auto with_ferry = [&] {
        double total = 0;
        for (const page& p : pages) {
            const xpath::result r = own.evaluate(p.tree);
            total += r.is_nodes() ? static_cast<double>(r.size()) : r.to_number();
        }
        return total;
    };
    const auto with_libxml2 = [&] {
        double total = 0;
        for (const page& p : pages) {
            const std::unique_ptr<xmlXPathContext, free_context> c(
                xmlXPathNewContext(p.rival.get()));
            const std::unique_ptr<xmlXPathObject, free_object> o(
                xmlXPathCompiledEval(other.get(), c.get()));
            if (o) total += amount(*o);
        }
        return total;
    };
    const auto with_pugixml = [&] {
        double total = 0;
        for (const page& p : pages) {
            total += third.return_type() == pugi::xpath_type_node_set
                         ? static_cast<double>(third.evaluate_node_set(*p.other).size())
                         : third.evaluate_number(*p.other);
        }
        return total;
    };
    const double hits = with_ferry();
    std::printf("# %s: %s: %.0f\n", name, text.c_str(), hits);
    if (hits != with_libxml2()) {
        throw std::runtime_error(std::string(name) + ": libxml2 finds something else");
    }
    if (hits != with_pugixml()) {
        throw std::runtime_error(std::string(name) + ": pugixml finds something else");
    }
    bench::compare("xpath", name, {"runs/s", 1},
                   {{"ferry",
                     [&] {
                         with_ferry();
                         return 1.0;
                     }},
                    {"libxml2",
                     [&] {
                         with_libxml2();
                         return 1.0;
                     }},
                    {"pugixml", [&] {
                         with_pugixml();
                         return 1.0;
                     }}});
}

}  // namespace

int main()
{
    xmlInitParser();
    const std::vector<page> pages = load();
    compare(pages, "attributes", "//a/@href");
    compare(pages, "equal", "//div[@class=\"section\"]/text()");
    compare(pages, "contains", "//div[contains(@class,'t-')]//a[@title]");
    compare(pages, "positions", "//table//tr[position()>1]/td[2]");
    compare(pages, "class-token", "//*[contains(concat(' ', @class, ' '), ' section ')]");
    compare(pages, "last", "//ul/li[last()]/a[1]");
    compare(pages, "text-equal", "//a[.='std::string' or text()='next']");
    compare(pages, "ancestor", "//code/ancestor::div[1]");
    compare(pages, "count", "count(//p[normalize-space()])");
    compare(pages, "siblings", "//h2/following-sibling::p[1]");
}

// HTML: 50 pages of Debian's cppreference-doc-en-html and python3-doc, parsed and freed, by ferry,
// by libxml2's HTML parser and, in processes of their own, by lxml.html, which is made of it, and
// by html5lib, which builds the tree of the Standard as ferry does. `html_bench FOLDER` takes all
// pages of a folder instead.

#include "ferry/documents/html.hpp"

#include "bench/bench.hpp"
#include <libxml/HTMLparser.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace ferry;

std::vector<fs::path> pages_of(const fs::path& root, std::size_t wanted)
{
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() != ".html" || !entry.is_regular_file()) continue;
        const auto size = entry.file_size();
        if (size >= 2'000 && size <= 400'000) all.push_back(entry.path());
    }
    std::sort(all.begin(), all.end());
    if (wanted == 0 || all.size() <= wanted) return all;
    std::vector<fs::path> some;
    for (std::size_t i = 0; i < wanted; ++i) some.push_back(all[i * all.size() / wanted]);
    return some;
}

std::vector<std::string> read_all(const std::vector<fs::path>& paths)
{
    std::vector<std::string> pages;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        pages.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return pages;
}

htmlDocPtr parse_libxml2(const std::string& page)
{
    return htmlReadMemory(page.data(), static_cast<int>(page.size()), nullptr, nullptr,
                          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
}

/// Every fifth page, for what is slow.
std::vector<fs::path> few_of(const std::vector<fs::path>& all)
{
    std::vector<fs::path> some;
    for (std::size_t i = 0; i < all.size(); i += 5) some.push_back(all[i]);
    return some;
}

/// What Python takes for a MB of pages, in CPU microseconds.
double python_cost(const std::string& parser, const std::vector<fs::path>& pages)
{
    std::string command = "/usr/bin/python3 -c '" + std::string{R"(
import sys, time, lxml.html, html5lib
pages = [open(name, "rb").read() for name in sys.argv[1:]]
utf8 = lxml.html.HTMLParser(encoding="utf-8")
by_lxml = lambda page: lxml.html.document_fromstring(page, parser=utf8)
by_html5lib = lambda page: html5lib.parse(page, transport_encoding="utf-8")
begin = time.process_time()
for page in pages: )"} + parser +
                          R"((page)
print((time.process_time() - begin) * 1e6 / (sum(map(len, pages)) / 1e6)))" +
                          '\'';
    for (const fs::path& page : pages) command += " '" + page.string() + '\'';
    return bench::number_from(command);
}

double heap_bytes()
{
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

}  // namespace

int main(int argc, char** argv)
{
    std::vector<fs::path> paths;
    if (argc > 1) {
        paths = pages_of(argv[1], 0);
    } else {
        for (const char* root :
             {"/usr/share/cppreference/doc/html/en", "/usr/share/doc/python3.11/html"}) {
            if (!fs::is_directory(root)) {
                std::fprintf(stderr, "%s: install cppreference-doc-en-html and python3-doc\n",
                             root);
                return 1;
            }
            const auto some = pages_of(root, 25);
            paths.insert(paths.end(), some.begin(), some.end());
        }
    }
    const std::vector<std::string> pages = read_all(paths);
    double bytes = 0;
    for (const auto& page : pages) bytes += static_cast<double>(page.size());
    std::printf("# %zu pages, %.0f bytes\n", pages.size(), bytes);

    const auto as_bytes = [](const std::string& page) { return std::as_bytes(std::span(page)); };
    bench::compare("html", "parse", {"MB/s", 1},
                   {{"ferry",
                     [&] {
                         for (const auto& page : pages) html::parse(as_bytes(page), "utf-8");
                         return bytes / 1e6;
                     }},
                    {"libxml2",
                     [&] {
                         for (const auto& page : pages) xmlFreeDoc(parse_libxml2(page));
                         return bytes / 1e6;
                     }},
                    {"lxml", {}, [&] { return python_cost("by_lxml", paths); }},
                    {"html5lib", {}, [&] { return python_cost("by_html5lib", few_of(paths)); }}});

    if (bench::wanted("html", "memory")) {
        std::vector<html::document> ours;
        std::vector<htmlDocPtr> theirs;
        ours.reserve(pages.size());
        theirs.reserve(pages.size());
        const double before = heap_bytes();
        for (const auto& page : pages) ours.push_back(html::parse(as_bytes(page), "utf-8"));
        const double between = heap_bytes();
        for (const auto& page : pages) theirs.push_back(parse_libxml2(page));
        const double after = heap_bytes();
        bench::print("html", "ferry/memory", "heap", {(between - before) / bytes}, "B/B");
        bench::print("html", "libxml2/memory", "heap", {(after - between) / bytes}, "B/B");
        bench::print_ratio("html", "memory", (between - before) / (after - between), "libxml2");
        for (auto* doc : theirs) xmlFreeDoc(doc);
    }
}

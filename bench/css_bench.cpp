// Selectors: ferry, and cssselect on lxml in Python, on 50 pages of Debian's
// cppreference-doc-en-html and python3-doc. Both have the pages parsed and the selectors compiled;
// what is timed is to find the elements, as CPU time. FERRY_BENCH_PAGES names folders to take the
// pages from instead, with
// `:` between.

#include "ferry/documents/html.hpp"

#include "bench/bench.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;
using namespace ferry;

struct query {
    const char* name;
    const char* selector;
};

constexpr query queries[] = {
    {"type", "a"},
    {"class", ".reference"},
    {"type-class", "a.reference.internal"},
    {"id", "#content"},
    {"attribute", "a[href]"},
    {"prefix", "a[href^='http']"},
    {"descendant", "div.section a[href]"},
    {"child", "ul > li > a"},
    {"deep", "body div div p code span"},
    {"siblings", "h2 + p, dt ~ dd"},
    {"nth-child", "tr:nth-child(2n+1)"},
    {"nth-of-type", "p:nth-of-type(2)"},
    {"not", "a:not(.internal)"},
    {"list", "h1, h2, h3, h4, pre, table"},
    {"first-last", "li:first-child a:last-child"},
    {"has", "dd:has(> p)"},
};

// Prints, for each selector, the elements found and the CPU seconds of a run over all pages.
constexpr const char* peer = R"PY(
import json, sys, time
from cssselect import HTMLTranslator
from lxml import etree, html
job = json.load(open(sys.argv[1]))
parser = html.HTMLParser(encoding='utf-8')
pages = [html.fromstring(open(p, 'rb').read(), parser=parser) for p in job['pages']]
for selector in job['selectors']:
    query = etree.XPath(HTMLTranslator().css_to_xpath(selector))
    found = sum(len(query(p)) for p in pages)
    times = []
    for repetition in range(job['repetitions']):
        runs, begin = 0, time.process_time()
        while runs == 0 or time.process_time() - begin < job['seconds']:
            for p in pages:
                query(p)
            runs += 1
        times.append((time.process_time() - begin) / runs)
    print(found, *times, flush=True)
)PY";

std::vector<fs::path> chosen_pages()
{
    const char* const given = std::getenv("FERRY_BENCH_PAGES");
    std::stringstream folders(
        given != nullptr ? given
                         : "/usr/share/cppreference/doc/html/en:/usr/share/doc/python3.11/html");
    std::vector<fs::path> out;
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::vector<fs::path> all;
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            const bool is_page = entry.is_regular_file() && entry.path().extension() == ".html";
            if (is_page && entry.file_size() >= 2000 && entry.file_size() <= 400'000)
                all.push_back(entry.path());
        }
        std::sort(all.begin(), all.end());
        constexpr std::size_t wanted = 25;
        for (std::size_t i = 0; i < std::min(wanted, all.size()); ++i)
            out.push_back(all[i * all.size() / std::min(wanted, all.size())]);
    }
    return out;
}

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) (c == '"' || c == '\\' ? out += '\\' : out) += c;
    return out + '"';
}

std::vector<std::string> run_peer(const std::vector<fs::path>& pages)
{
    const fs::path folder = fs::temp_directory_path() / "ferry-css-bench";
    fs::create_directories(folder);
    std::ofstream(folder / "peer.py") << peer;
    {
        std::ofstream job(folder / "job.json");
        job << "{\"repetitions\":" << bench::repetitions()
            << ",\"seconds\":" << bench::repetition_seconds() / 2 << ",\"pages\":[";
        for (std::size_t i = 0; i < pages.size(); ++i)
            job << (i == 0 ? "" : ",") << quoted(pages[i].string());
        job << "],\"selectors\":[";
        for (std::size_t i = 0; i < std::size(queries); ++i)
            job << (i == 0 ? "" : ",") << quoted(queries[i].selector);
        job << "]}";
    }
    const std::string command =
        "/usr/bin/python3 " + (folder / "peer.py").string() + ' ' + (folder / "job.json").string();
    std::vector<std::string> lines;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run python3");
    char line[4096];
    while (std::fgets(line, sizeof line, pipe) != nullptr) lines.emplace_back(line);
    const int status = ::pclose(pipe);
    fs::remove_all(folder);
    if (status != 0 || lines.size() != std::size(queries))
        throw std::runtime_error("the peer failed: install python3-lxml and python3-cssselect");
    return lines;
}

}  // namespace

int main()
{
    std::vector<html::document> pages;
    const auto paths = chosen_pages();
    std::size_t nodes = 0;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        pages.push_back(html::parse(std::as_bytes(std::span(text)), "utf-8"));
        nodes += pages.back().tree().size();
    }
    std::printf("# %zu pages, %zu nodes\n", pages.size(), nodes);
    const auto theirs = run_peer(paths);
    std::vector<double> ratios;
    for (std::size_t q = 0; q < std::size(queries); ++q) {
        const std::string name = queries[q].name;
        const auto selector = css::selector::compile(queries[q].selector);
        std::size_t found = 0;
        const auto run = [&] {
            found = 0;
            for (const auto& page : pages) found += page.css(selector).size();
        };
        std::vector<double> ours;
        for (int r = 0; r < bench::repetitions(); ++r) {
            std::size_t runs = 0;
            const double begin = bench::cpu_seconds();
            while (runs == 0 || bench::cpu_seconds() - begin < bench::repetition_seconds() / 2) {
                run();
                ++runs;
            }
            ours.push_back((bench::cpu_seconds() - begin) / static_cast<double>(runs) * 1e6);
        }
        std::istringstream line(theirs[q]);
        std::size_t their_count = 0;
        line >> their_count;
        std::vector<double> times;
        for (double t = 0; line >> t;) times.push_back(t * 1e6);
        std::printf("# %s: %s: %zu elements, lxml %zu\n", queries[q].name, queries[q].selector,
                    found, their_count);
        bench::print("css", "ferry/" + name, "cpu_per_run", ours, "us");
        bench::print("css", "lxml/" + name, "cpu_per_run", times, "us");
        ratios.push_back(bench::median(ours) / bench::median(times));
        bench::print_ratio("css", name, ratios.back(), "lxml");
    }
    bench::print_ratio("css", "median", bench::median(ratios), "lxml");
}

// XML: three documents of ferry's own (records with attributes, text with markup and references,
// namespaces), parsed into a tree and freed by ferry, libxml2 and pugixml, and read by expat that
// keeps nothing; lxml and xmltodict in a Python of their own; XPath beside pugixml. `xml_bench
// FILE` takes a file instead.

#include "ferry/documents/xml.hpp"
#include "ferry/documents/xmltodict.hpp"

#include "bench/bench.hpp"
#include <expat.h>
#include <libxml/parser.h>
#include <pugixml.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace {

using namespace ferry;

struct input {
    std::string name;
    std::string text;
};

std::string record(std::mt19937& random, unsigned id)
{
    std::string out = "<record id=\"" + std::to_string(id) + "\" status=\"" +
                      (random() % 3 == 0 ? "active" : "closed") + "\"><name>Customer " +
                      std::to_string(random() % 1000) + "</name><email>user" + std::to_string(id) +
                      "@example.local</email><amount currency=\"EUR\">" +
                      std::to_string(random() % 100000) + ".50</amount>";
    for (unsigned i = random() % 4; i > 0; --i)
        out += "<tag>t" + std::to_string(random() % 50) + "</tag>";
    return out + "</record>\n";
}

std::vector<input> own_documents()
{
    std::mt19937 random(1);
    std::string records = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<records>\n";
    for (unsigned i = 0; records.size() < 2'000'000; ++i) records += record(random, i);
    records += "</records>\n";

    std::string prose = "<book>";
    for (unsigned i = 0; prose.size() < 2'000'000; ++i) {
        prose +=
            "<chapter n=\"" + std::to_string(i) + "\"><title>Of harbours &amp; ships</title>\n";
        for (int k = 0; k < 6; ++k)
            prose +=
                "<p>The tide turned a little before dawn, and the <em>boats</em> that had lain on "
                "the mud all night began to lift; caf\xC3\xA9 lamps &#8212; three of them &#8212; "
                "were still lit along the quay when the first went out.</p>\n";
        prose += "</chapter>\n";
    }
    prose += "</book>";

    std::string feed =
        "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\" xmlns:m=\"http://example.local/meta\" "
        "xmlns=\"http://example.local/\">";
    for (unsigned i = 0; feed.size() < 2'000'000; ++i)
        feed += "<a:entry m:rank=\"" + std::to_string(random() % 100) +
                "\" xml:lang=\"en\"><a:id>urn:" + std::to_string(i) +
                "</a:id><m:score m:unit=\"pt\" value=\"7\"/><body>text</body></a:entry>\n";
    feed += "</a:feed>";
    return {
        {"records", std::move(records)}, {"prose", std::move(prose)}, {"feed", std::move(feed)}};
}

void on_start(void* user, const char*, const char**)
{
    ++*static_cast<std::size_t*>(user);
}
void on_end(void*, const char*) {}
void on_text(void* user, const char*, int length)
{
    *static_cast<std::size_t*>(user) += static_cast<std::size_t>(length);
}

/// Runs a Python program that gets the file and prints CPU seconds a pass.
std::string python_program(const std::string& work)
{
    return "import sys,time\ndata=open(sys.argv[1],'rb').read()\n" + work +
           "\nn=0\nt=time.process_time()\nwhile time.process_time()-t<0.5:\n f(data); n+=1\n"
           "print((time.process_time()-t)/n)\n";
}

double python_seconds(const std::string& program, const std::string& file)
{
    const std::string script = file + ".py";
    std::ofstream(script) << program;
    const std::string command = "/usr/bin/python3 " + script + " " + file;
    FILE* const pipe = popen(command.c_str(), "r");
    double seconds = 0;
    const bool read = pipe != nullptr && std::fscanf(pipe, "%lf", &seconds) == 1;
    if (pipe != nullptr) pclose(pipe);
    std::remove(script.c_str());
    return read ? seconds : 0;
}

void beside_python(const char* name, const input& in, const std::function<void()>& own,
                   const std::string& work)
{
    if (!bench::wanted("xml", name)) return;
    const std::string file = std::string(std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp") +
                             "/ferry_xml_bench.xml";
    std::ofstream(file, std::ios::binary) << in.text;
    std::vector<double> ours, theirs;
    const double megabytes = static_cast<double>(in.text.size()) / 1e6;
    for (int i = 0; i < bench::repetitions(); ++i) {
        int n = 0;
        const double begin = bench::cpu_seconds();
        while (bench::cpu_seconds() - begin < bench::repetition_seconds()) {
            own();
            ++n;
        }
        ours.push_back(megabytes * n / (bench::cpu_seconds() - begin));
        if (const double seconds = python_seconds(python_program(work), file); seconds > 0)
            theirs.push_back(megabytes / seconds);
    }
    std::remove(file.c_str());
    const std::string title = std::string(name) + "-" + in.name;
    bench::print("xml", "ferry/" + title, "rate", ours, "MB/s");
    if (theirs.empty()) return;
    bench::print("xml", "python/" + title, "rate", theirs, "MB/s");
    bench::print_ratio("xml", title, bench::median(theirs) / bench::median(ours), "python");
}

void parse_case(const input& in)
{
    const std::string& text = in.text;
    const double bytes = static_cast<double>(text.size());
    bench::compare("xml", "parse-" + in.name, {"MB/s", 1e-6},
                   {{"ferry",
                     [&] {
                         const auto d = xml::parse(text);
                         return d.tree().size() > 1 ? bytes : 0;
                     }},
                    {"libxml2",
                     [&] {
                         xmlFreeDoc(xmlReadMemory(text.data(), static_cast<int>(text.size()),
                                                  nullptr, nullptr, XML_PARSE_NONET));
                         return bytes;
                     }},
                    {"pugixml",
                     [&] {
                         pugi::xml_document d;
                         d.load_buffer(text.data(), text.size());
                         return bytes;
                     }},
                    {"expat", [&] {
                         std::size_t seen = 0;
                         XML_Parser p = XML_ParserCreateNS(nullptr, ' ');
                         XML_SetUserData(p, &seen);
                         XML_SetElementHandler(p, on_start, on_end);
                         XML_SetCharacterDataHandler(p, on_text);
                         XML_Parse(p, text.data(), static_cast<int>(text.size()), 1);
                         XML_ParserFree(p);
                         return seen > 0 ? bytes : 0;
                     }}});
}

void xpath_case(const input& in)
{
    const auto own = xml::parse(in.text);
    pugi::xml_document rival;
    rival.load_buffer(in.text.data(), in.text.size());
    const char* const queries[] = {
        "//record",
        "/records/record/name",
        "//record[@status='active']/amount",
        "//record[@id='4000']",
        "//amount[@currency='EUR'][. > 50000]",
        "//record/tag[2]",
        "//record[count(tag) = 3]/name/text()",
        "//record[contains(email, 'user77')]",
        "count(//tag)",
        "//tag/ancestor::record[1]/@id",
    };
    int number = 0;
    for (const char* text : queries) {
        const auto ours = xpath::expression::compile(text);
        const pugi::xpath_query theirs(text);
        const auto run_own = [&] {
            const auto r = ours.evaluate(own.tree());
            return r.is_nodes() ? static_cast<double>(r.size()) : r.to_number();
        };
        const auto run_rival = [&] {
            if (theirs.return_type() == pugi::xpath_type_node_set)
                return static_cast<double>(theirs.evaluate_node_set(rival).size());
            return theirs.evaluate_number(rival);
        };
        if (run_own() != run_rival())
            std::printf("# %s: %.0f here, %.0f there\n", text, run_own(), run_rival());
        const std::string name = "xpath-" + std::to_string(++number);
        if (bench::wanted("xml", name)) std::printf("# %s: %s\n", name.c_str(), text);
        bench::compare("xml", name, {"queries/s", 1},
                       {{"ferry", [&] { return run_own() >= 0 ? 1.0 : 0.0; }},
                        {"pugixml", [&] { return run_rival() >= 0 ? 1.0 : 0.0; }}});
    }
}

}  // namespace

int main(int argc, char** argv)
{
    std::vector<input> inputs = own_documents();
    if (argc > 1) {
        std::ifstream in(argv[1], std::ios::binary);
        inputs = {{"file", {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}}};
    }
    for (const input& in : inputs) {
        parse_case(in);
        beside_python(
            "lxml", in, [&] { (void)xml::parse(in.text); },
            "from lxml import etree\nf=etree.fromstring");
        beside_python(
            "xmltodict", in, [&] { (void)xmltodict::parse(in.text); },
            "import xmltodict\nf=xmltodict.parse");
    }
    if (argc == 1) xpath_case(inputs[0]);
    return 0;
}

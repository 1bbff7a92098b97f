// A crawl of Debian's python3-doc from nginx on loopback: ferry in one process and with two task
// workers, beside libcurl and libxml2 doing the same (fetch, parse, title, links).
#include "ferry/async/run.hpp"
#include "ferry/harvest/harvest.hpp"
#include "ferry/net/listener.hpp"

#include "bench/bench.hpp"
#include <curl/curl.h>
#include <libxml/HTMLparser.h>
#include <libxml/uri.h>
#include <libxml/xpath.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace {

using namespace ferry;

const std::filesystem::path documentation = "/usr/share/doc/python3.11/html";

// nginx over the documentation, ended with the scope.
class nginx {
public:
    nginx()
        : directory_{std::filesystem::temp_directory_path() /
                     ("harvest-bench-" + std::to_string(::getpid()))}
    {
        std::filesystem::create_directories(directory_);
        port_ = net::listener(net::tcp("127.0.0.1", 0)).port();
        std::ofstream(directory_ / "nginx.conf")
            << "worker_processes 1; daemon off; pid " << (directory_ / "pid").string()
            << "; error_log " << (directory_ / "log").string()
            << ";\nevents { worker_connections 256; }\nhttp { include /etc/nginx/mime.types; "
               "access_log off; sendfile on; keepalive_requests 1000000;\nserver { listen "
               "127.0.0.1:"
            << port_ << "; root " << std::filesystem::canonical(documentation).string()
            << "; } }\n";
        std::string program = "nginx";
        std::string option = "-c";
        std::string file = directory_ / "nginx.conf";
        char* arguments[] = {program.data(), option.data(), file.data(), nullptr};
        if (::posix_spawnp(&process_, "nginx", nullptr, nullptr, arguments, environ) != 0) {
            throw std::runtime_error("nginx is missing: apt-get install nginx-light");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;
    ~nginx()
    {
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(directory_);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::string file(const std::string& name) const { return directory_ / name; }

private:
    std::filesystem::path directory_;
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
};

struct crawled {
    double pages = 0;
    double cpu_seconds = 0;
    double wall_seconds = 0;
};

crawled with_ferry(const nginx& site, std::uint32_t workers)
{
    const auto text = "[harvest]\nuser_agent = 'bench/1.0'\n[[start]]\nurl = '" + site.url() +
                      "/index.html'\n[scope]\nhosts = ['" + site.url().substr(7) +
                      "']\nallow = ['\\.html$']\n[page.page]\nfollow = [{ xpath = '//a' }]\n"
                      "[page.page.record.page]\nfields.title = { xpath = '//title' }\n"
                      "fields.url = { meta = 'url' }\n[politeness]\nrobots = 'ignore'\n"
                      "delay = '0ms'\nper_host = 8\n[[output]]\nfile = 'pages.jsonl'\n";
    harvest::run_options with;
    with.directory(site.file("state")).fresh(true).workers(workers);
    with.worker_command({std::filesystem::read_symlink("/proc/self/exe"), "work"});
    const double wall = bench::wall_seconds();
    const double cpu = bench::cpu_seconds() + bench::children_cpu_seconds();
    const auto done = run(harvest::run(harvest::recipe::parse(text, "bench.toml"), with));
    return {static_cast<double>(done.pages),
            bench::cpu_seconds() + bench::children_cpu_seconds() - cpu,
            bench::wall_seconds() - wall};
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* to)
{
    static_cast<std::string*>(to)->append(data, size * count);
    return size * count;
}

// Titles go to a file, as ferry's records do; what a resume would need is not kept.
crawled with_libcurl(const nginx& site)
{
    const double wall = bench::wall_seconds();
    const double cpu = bench::cpu_seconds();
    CURL* easy = ::curl_easy_init();
    std::deque<std::string> waiting{site.url() + "/index.html"};
    std::unordered_set<std::string> known{waiting.front()};
    std::ofstream out{site.file("curl.jsonl")};
    std::string body;
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    crawled made;
    for (; !waiting.empty(); waiting.pop_front()) {
        const std::string& url = waiting.front();
        body.clear();
        ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
        long status = 0;
        if (::curl_easy_perform(easy) != CURLE_OK) continue;
        ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200) continue;
        ++made.pages;
        htmlDocPtr page = ::htmlReadMemory(body.data(), static_cast<int>(body.size()), url.c_str(),
                                           "utf-8", HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
        xmlXPathContextPtr context = ::xmlXPathNewContext(page);
        const auto find = [&](const char* path) {
            return ::xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(path), context);
        };
        xmlXPathObjectPtr title = find("string(//title)");
        out << "{\"title\":\"" << reinterpret_cast<const char*>(title->stringval) << "\",\"url\":\""
            << url << "\"}\n";
        xmlXPathObjectPtr links = find("//a/@href");
        for (int i = 0; links->nodesetval != nullptr && i < links->nodesetval->nodeNr; ++i) {
            xmlChar* href = ::xmlNodeGetContent(links->nodesetval->nodeTab[i]);
            xmlChar* whole = ::xmlBuildURI(href, reinterpret_cast<const xmlChar*>(url.c_str()));
            if (whole != nullptr) {
                std::string next{reinterpret_cast<const char*>(whole)};
                next.resize(std::min(next.find('#'), next.size()));
                if (next.starts_with(site.url()) && next.ends_with(".html") &&
                    known.insert(next).second) {
                    waiting.push_back(std::move(next));
                }
            }
            ::xmlFree(whole);
            ::xmlFree(href);
        }
        ::xmlXPathFreeObject(links);
        ::xmlXPathFreeObject(title);
        ::xmlXPathFreeContext(context);
        ::xmlFreeDoc(page);
    }
    ::curl_easy_cleanup(easy);
    made.cpu_seconds = bench::cpu_seconds() - cpu;
    made.wall_seconds = bench::wall_seconds() - wall;
    return made;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc == 3 && std::string_view{argv[1]} == "work") {
        run(harvest::work(argv[2]));
        return 0;
    }
    constexpr auto area = "harvest";
    constexpr auto name = "python3-doc";
    if (!bench::wanted(area, name)) return 0;
    const nginx site;
    std::vector<double> alone;
    std::vector<double> workers;
    std::vector<double> rival;
    std::vector<double> alone_rate;
    std::vector<double> rival_rate;
    for (int i = 0; i < bench::repetitions(); ++i) {
        const auto a = with_ferry(site, 0);
        const auto b = with_ferry(site, 2);
        const auto c = with_libcurl(site);
        alone.push_back(a.cpu_seconds * 1000 / a.pages);
        workers.push_back(b.cpu_seconds * 1000 / b.pages);
        rival.push_back(c.cpu_seconds * 1000 / c.pages);
        alone_rate.push_back(a.pages / a.wall_seconds);
        rival_rate.push_back(c.pages / c.wall_seconds);
    }
    bench::print(area, "ferry/python3-doc", "cpu_per_page", alone, "ms");
    bench::print(area, "ferry-2-workers/python3-doc", "cpu_per_page", workers, "ms");
    bench::print(area, "libcurl+libxml2/python3-doc", "cpu_per_page", rival, "ms");
    bench::print(area, "ferry/python3-doc", "pages", alone_rate, "pages/s");
    bench::print(area, "libcurl+libxml2/python3-doc", "pages", rival_rate, "pages/s");
    bench::print_ratio(area, "python3-doc", bench::median(alone) / bench::median(rival),
                       "libcurl+libxml2");
    bench::print_ratio(area, "python3-doc-2-workers", bench::median(workers) / bench::median(rival),
                       "libcurl+libxml2");
}

#include "ferry/core/time.hpp"
#include "ferry/core/url.hpp"
#include "ferry/harvest/detail/canonical.hpp"
#include "ferry/harvest/recipe.hpp"

#include <algorithm>
#include <string>

namespace ferry::harvest {
namespace {

constexpr std::size_t starts_shown = 5;

constexpr std::string_view starter_text =
    R"toml(# `ferry harvest check FILE` explains this recipe, `ferry harvest try FILE URL` shows what it takes
# from one page, `ferry harvest run FILE` runs it.

[harvest]
name = "@NAME@"
# Say who is asking, and where to complain.
user_agent = "@NAME@/1.0 (+mailto:you@example.org)"

[[start]]
url = "@URL@"
# {1..50} and {a,b} in a URL make several of one.

[scope]
hosts = ["@HOST@"]       # links to other hosts are not followed
# allow = ["^/catalogue/"]     # only paths that match; deny = [...] leaves paths out
depth = 3                      # links from the start
max_pages = 1000

# A page says which links are followed and which records are taken. The first page whose `match`
# fits a URL is the one for it; this one has no match, so it takes every URL.
[page.page]
# match = { url = "/book/" }
follow = [{ xpath = "//a" }]

[page.page.record.page]
# each = "//article"           # one record for each; without it one a page
fields.title = { xpath = ["//h1", "//title"], required = true }
fields.description = { xpath = "//meta[@name='description']", attr = "content" }
fields.url = { meta = "url" }
# fields.price = { xpath = ".//p[@class='price']", regex = "([0-9.]+)", type = "decimal(10,2)" }
key = ["url"]

[politeness]
robots = "obey"
delay = "250ms"                # between two requests to one host
per_host = 2                   # at a time

[[output]]
record = "page"
file = "out/@NAME@.jsonl"      # in the state directory; also .jsonl.gz, .jsonl.zst, .sqlite
)toml";

std::string quoted(std::string_view text)
{
    return '"' + std::string{text} + '"';
}

std::string listed(const std::vector<std::string>& all)
{
    std::string text;
    for (const auto& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
}

std::string plural(std::uint64_t n, std::string_view noun)
{
    return std::to_string(n) + ' ' + std::string{noun} + (n == 1 ? "" : "s");
}

std::string source_text(const field& f)
{
    std::string text;
    for (const auto& s : f.selectors) {
        if (!text.empty()) text += ", or else ";
        switch (s.from) {
            case selector::source::xpath: text += "what the XPath " + s.text + " finds"; break;
            case selector::source::meta: text += "the page's " + s.text; break;
            case selector::source::constant: text += "always " + quoted(s.text); break;
        }
    }
    return text;
}

std::string field_text(const field& f)
{
    std::string text = "    " + f.name + ": " + f.type.text() + ", " + source_text(f);
    if (!f.attribute.empty()) text += ", its attribute " + f.attribute;
    if (!f.pattern.empty()) text += "; of that the part that matches " + f.pattern;
    if (!f.replace_pattern.empty()) {
        text += "; with " + f.replace_pattern + " replaced by " + quoted(f.replace_with);
    }
    if (!f.format.empty()) text += "; read by the format " + f.format;
    if (!f.strip) text += "; white space kept";
    if (f.required) {
        text += "; required: without it there is no record";
    } else if (f.fallback) {
        text += "; " + quoted(*f.fallback) + " if there is none";
    } else {
        text += f.type.list ? "; empty if there is none" : "; null if there is none";
    }
    return text + "\n";
}

std::string page_text(const page& p)
{
    std::string text = "Page " + quoted(p.name) + ": URLs that ";
    text += p.match_url.empty() ? "no earlier page takes" : "match " + p.match_url;
    text += ", " + (p.match_type.empty() ? std::string{"HTML"} : p.match_type) + ".\n";
    for (const auto& f : p.follows) {
        text += "  Follows the " + f.attribute + " of " + f.xpath + ", as ";
        text += f.to.empty() ? "the page that matches.\n" : "page " + quoted(f.to) + ".\n";
    }
    for (const auto& r : p.records) {
        text += "  Record " + quoted(r.name) + ", ";
        text += r.each.empty() ? "one a page:\n" : "one for each " + r.each + ":\n";
        for (const auto& f : r.fields) text += field_text(f);
        if (!r.key.empty()) {
            text += "    A second record with the same " + listed(r.key) + " is dropped.\n";
        }
    }
    return text;
}

std::string scope_text(const scope& s)
{
    std::string text = "Stays on ";
    text += s.hosts.empty() ? "the hosts of the start URLs" : listed(s.hosts);
    text +=
        ", at most " + plural(s.depth, "link") + " deep and " + plural(s.max_pages, "page") + ".\n";
    if (!s.allow.empty()) text += "Only paths that match one of: " + listed(s.allow) + ".\n";
    if (!s.deny.empty()) text += "No paths that match one of: " + listed(s.deny) + ".\n";
    return text;
}

std::string manners_text(const recipe& r)
{
    const politeness& p = r.politeness;
    std::string text = p.obey_robots ? "Obeys robots.txt. " : "IGNORES robots.txt. ";
    text += "At most " + plural(p.per_host, "request") + " at a time to a host and " +
            std::to_string(p.total) + " in all, ";
    text += p.delay.count() == 0 ? "without a pause.\n"
                                 : "one each " + format_duration(p.delay) + " to a host.\n";
    text += "Gives up on a page after " + format_duration(r.http.total_timeout) + " or " +
            std::to_string(r.http.max_body_bytes) + " bytes; tries " +
            plural(r.retry.times, "time") + " again, " + format_duration(r.retry.first_wait) +
            " to " + format_duration(r.retry.longest_wait) + " apart.\n";
    return text;
}

}  // namespace

std::string explain(const recipe& r)
{
    std::string text = "Recipe " + quoted(r.name) + ", as " + quoted(r.user_agent) + ".\n";
    text += "Starts at " + plural(r.starts.size(), "URL") + ":\n";
    for (std::size_t i = 0; i < std::min(starts_shown, r.starts.size()); ++i) {
        text += "  " + r.starts[i].url + '\n';
    }
    if (r.starts.size() > starts_shown) {
        text += "  and " + std::to_string(r.starts.size() - starts_shown) + " more\n";
    }
    text += scope_text(r.scope) + manners_text(r);
    for (const auto& p : r.pages) text += page_text(p);
    for (const auto& o : r.outputs) {
        text += "Writes " + (o.record.empty() ? std::string{"every record"} : quoted(o.record)) +
                " to " + o.file + ".\n";
    }
    if (r.outputs.empty()) text += "Writes no file.\n";
    text += r.workers == 0 ? "Works in one process.\n"
                           : "Works in " + plural(r.workers, "worker process") + ".\n";
    return text;
}

std::string starter(std::string_view address, std::string_view name)
{
    const auto start = detail::canonical(address, deduplication{});
    if (!start) throw error{errc::malformed, quoted(address) + " is not an http or https URL"};
    std::string safe;
    for (const char c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
        safe += plain ? c : '-';
    }
    if (safe.empty()) safe = "harvest";
    std::string text{starter_text};
    for (const auto& [mark, by] : {std::pair{"@NAME@", safe}, std::pair{"@URL@", start->url},
                                   std::pair{"@HOST@", std::string{start->host()}}}) {
        const std::string_view searched{mark};
        for (auto at = text.find(searched); at != std::string::npos;
             at = text.find(searched, at + by.size())) {
            text.replace(at, searched.size(), by);
        }
    }
    return text;
}

}  // namespace ferry::harvest

#include "ferry/harvest/detail/recipe_reader.hpp"

#include "ferry/harvest/detail/canonical.hpp"
#include "ferry/harvest/detail/convert.hpp"
#include "ferry/harvest/detail/syntax.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace ferry::harvest::detail {
namespace {

using names = std::string_view[];
constexpr std::uint64_t any = std::numeric_limits<std::int64_t>::max();

constexpr names root_keys = {"harvest", "start", "scope",  "page",   "politeness",
                             "http",    "retry", "dedupe", "output", "tasks"};
constexpr names root_later = {"api", "watch", "profile"};
constexpr names harvest_keys = {"name", "user_agent", "max_failures", "max_miss_rate"};
constexpr names start_keys = {"url", "parse"};
constexpr names start_later = {"sitemap", "since"};
constexpr names scope_keys = {"hosts",     "allow",        "deny",    "depth",
                              "max_pages", "max_per_host", "schemes", "private_addresses"};
constexpr names page_keys = {"match", "follow", "record"};
constexpr names page_later = {"embedded", "canonical"};
constexpr names match_keys = {"url", "type"};
constexpr names follow_keys = {"xpath", "attr", "to"};
constexpr names follow_later = {"css", "jsonpath", "regex", "priority", "nofollow"};
constexpr names record_keys = {"each", "fields", "key"};
constexpr names record_later = {"on_duplicate"};
constexpr names field_keys = {"xpath", "meta", "const",  "attr",     "regex",   "replace",
                              "strip", "type", "format", "required", "default", "many"};
constexpr names field_later = {"css",       "jsonpath", "table",  "jsonld",
                               "microdata", "download", "locale", "money"};
constexpr names politeness_keys = {"robots", "delay", "jitter", "per_host", "total"};
constexpr names politeness_later = {"rate", "adaptive", "window"};
constexpr names http_keys = {"timeout", "max_body", "headers"};
constexpr names http_later = {"login", "proxy", "cache"};
constexpr names timeout_keys = {"connect", "read", "total"};
constexpr names retry_keys = {"times", "backoff", "statuses"};
constexpr names dedupe_keys = {"url", "content"};
constexpr names dedupe_url_keys = {"sort_query", "drop", "strip_fragment", "lower_path"};
constexpr names output_keys = {"record", "file"};
constexpr names output_later = {"codec", "roll"};
constexpr names tasks_keys = {"workers", "broker"};
constexpr names meta_names = {"url", "status", "fetched_at", "depth", "referrer"};

bool plain_name(std::string_view name)
{
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits);
}

class reader {
public:
    reader(const toml::table& root, problem_list& problems)
        : problems_{problems}, root_{root, "the recipe", problems, root_keys, root_later}
    {
    }

    recipe read(const std::string& file_name)
    {
        read_harvest(file_name);
        read_pages();
        read_starts();
        read_scope();
        read_politeness();
        read_http();
        read_retry();
        read_dedupe();
        read_outputs();
        read_tasks();
        check_references();
        return std::move(made_);
    }

private:
    void read_harvest(const std::string& file_name)
    {
        const auto slash = file_name.find_last_of('/');
        made_.name = file_name.substr(slash == std::string::npos ? 0 : slash + 1);
        made_.name = made_.name.substr(0, made_.name.rfind('.'));
        const toml::table* table = root_.table("harvest");
        if (!table) {
            if (!root_.has("harvest")) missing("[harvest] with name and user_agent");
            return;
        }
        const section s{*table, "[harvest]", problems_, harvest_keys};
        s.take("name", made_.name);
        if (!plain_name(made_.name)) {
            s.problem("name", "name in [harvest] must be letters, digits, '-' and '_'");
        }
        if (!s.take("user_agent", made_.user_agent) && !s.has("user_agent")) {
            s.problem("user_agent",
                      "user_agent is required in [harvest]: say who is asking, such "
                      "as \"books/1.0 (+mailto:you@example.org)\"");
        }
        const bool bad = std::any_of(made_.user_agent.begin(), made_.user_agent.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        });
        if (s.has("user_agent") && (made_.user_agent.empty() || bad)) {
            s.problem("user_agent", "user_agent in [harvest] must be one line of text");
        }
        s.take("max_failures", made_.max_failures, 0, any);
        s.take("max_miss_rate", made_.max_miss_rate, 0, 1);
    }

    void read_starts()
    {
        for (const toml::table* table : root_.tables("start")) {
            const section s{*table, "[[start]]", problems_, start_keys, start_later};
            std::string pattern;
            if (!s.take_expanded("url", pattern)) {
                if (!s.has("url") && !s.has("sitemap")) s.problem("url", "[[start]] needs a url");
                continue;
            }
            start one;
            if (s.take("parse", one.page)) check_page_name(s, "parse", one.page);
            try {
                for (auto& url : expand(pattern)) {
                    check_start_url(url);
                    one.url = std::move(url);
                    made_.starts.push_back(one);
                }
            } catch (const error& e) {
                s.problem("url", std::string{"url in [[start]]: "} + e.what());
            }
        }
        if (!root_.has("start")) missing("a [[start]] with a url");
    }

    void read_scope()
    {
        const toml::table* table = root_.table("scope");
        if (!table) return;
        const section s{*table, "[scope]", problems_, scope_keys};
        scope& into = made_.scope;
        s.take("hosts", into.hosts);
        for (auto& host : into.hosts) {
            try {
                host = canonical_host(expand_environment(host));
            } catch (const error& e) {
                s.problem("hosts", std::string{"hosts in [scope]: "} + e.what());
            }
        }
        take_patterns(s, "allow", into.allow);
        take_patterns(s, "deny", into.deny);
        s.take("depth", into.depth, 0, 10'000);
        s.take("max_pages", into.max_pages, 1, any);
        s.take("max_per_host", into.max_per_host, 1, any);
        if (s.take("schemes", into.schemes)) {
            for (const auto& scheme : into.schemes) {
                if (scheme != "http" && scheme != "https") {
                    s.problem("schemes", "schemes in [scope] may hold \"http\" and \"https\"");
                }
            }
        }
        constexpr names choices = {"never", "only-start-hosts", "yes"};
        if (const auto chosen = s.take_choice("private_addresses", choices)) {
            into.addresses = static_cast<scope::private_addresses>(*chosen);
        }
    }

    void read_pages()
    {
        if (!root_.has("page")) missing("at least one [page.NAME]");
        for (const auto& [name, table] : root_.members("page")) {
            const std::string title = "[page." + name + ']';
            const section s{*table, title, problems_, page_keys, page_later};
            page p;
            p.name = name;
            if (const toml::table* match = s.table("match")) {
                const section m{*match, "match of " + title, problems_, match_keys};
                take_pattern(m, "url", p.match_url);
                m.take("type", p.match_type);
            }
            for (const toml::table* follow : s.tables("follow")) read_follow(*follow, title, p);
            for (const auto& [record_name, record_table] : s.members("record")) {
                read_record(*record_table, name, record_name, p);
            }
            made_.pages.push_back(std::move(p));
        }
    }

    void read_follow(const toml::table& table, const std::string& title, page& into)
    {
        const section s{table, "follow of " + title, problems_, follow_keys, follow_later};
        follow f;
        take_xpath(s, "xpath", f.xpath);
        if (!s.has("xpath") && !s.has("css")) {
            s.problem("xpath", s.title() + " needs an xpath, such as \"//a\"");
        }
        s.take("attr", f.attribute);
        if (s.take("to", f.to)) references_.push_back({s.where("to"), s.title(), f.to});
        into.follows.push_back(std::move(f));
    }

    void read_record(const toml::table& table, const std::string& page_name,
                     const std::string& name, page& into)
    {
        const std::string title = "[page." + page_name + ".record." + name + ']';
        const section s{table, title, problems_, record_keys, record_later};
        if (!plain_name(name)) {
            problems_.add(table.source(), "a record's name is letters, digits, '-' and '_'");
        }
        if (!record_names_.insert(name).second) {
            problems_.add(table.source(), "two records are named \"" + name + '"');
        }
        record r;
        r.name = name;
        take_xpath(s, "each", r.each);
        for (const auto& [field_name, field_table] : s.members("fields")) {
            read_field(*field_table, title, field_name, r);
        }
        if (r.fields.empty() && !s.has("fields")) s.problem("fields", title + " has no fields");
        s.take("key", r.key);
        std::vector<std::string> fields;
        for (const auto& f : r.fields) fields.push_back(f.name);
        for (const auto& key : r.key) {
            if (std::find(fields.begin(), fields.end(), key) == fields.end()) {
                s.problem("key", "key of " + title + " names no field: \"" + key + '"',
                          nearest(key, fields));
            }
        }
        into.records.push_back(std::move(r));
    }

    void read_field(const toml::table& table, const std::string& title, const std::string& name,
                    record& into)
    {
        const section s{table, "field " + name + " of " + title, problems_, field_keys,
                        field_later};
        field f;
        f.name = name;
        read_selectors(s, f);
        s.take("attr", f.attribute);
        if (!f.attribute.empty() && f.selectors.empty()) {
            s.problem("attr", "attr of " + s.title() + " needs an xpath");
        }
        take_pattern(s, "regex", f.pattern);
        read_replace(s, f);
        s.take("strip", f.strip);
        std::string type;
        if (s.take("type", type)) {
            if (const auto wrong = parse_type(type, f.type)) {
                s.problems().add_inside(s.where("type"), *wrong, "type of " + s.title());
            }
        }
        bool many = f.type.list;
        if (s.take("many", many)) {
            if (!many && f.type.list) {
                s.problem("many",
                          "many of " + s.title() + " contradicts the type " + f.type.text());
            }
            f.type.list = f.type.list || many;
        }
        if (s.take("format", f.format) && f.type.kind != field_kind::date &&
            f.type.kind != field_kind::time && f.type.kind != field_kind::timestamp) {
            s.problem("format", "format of " + s.title() +
                                    " is for the types date, time and timestamp, not " +
                                    f.type.text());
        }
        s.take("required", f.required);
        f.fallback = s.take_scalar("default");
        check_default(s, f);
        into.fields.push_back(std::move(f));
    }

    static void read_selectors(const section& s, field& f)
    {
        const bool later = s.has("css") || s.has("jsonpath") || s.has("table") || s.has("jsonld") ||
                           s.has("microdata");
        std::vector<std::string> paths;
        s.take("xpath", paths);
        for (auto& path : paths) {
            if (const auto wrong = check_xpath(path)) {
                s.problems().add_inside(s.where("xpath"), *wrong, "xpath of " + s.title());
            }
            f.selectors.push_back({selector::source::xpath, std::move(path)});
        }
        if (const auto chosen = s.take_choice("meta", meta_names)) {
            f.selectors.push_back({selector::source::meta, std::string{meta_names[*chosen]}});
        }
        if (auto text = s.take_scalar("const")) {
            f.selectors.push_back({selector::source::constant, std::move(*text)});
        }
        if (f.selectors.empty() && !later && !s.has("xpath") && !s.has("meta") && !s.has("const")) {
            s.problem("xpath", s.title() + " needs an xpath, a meta or a const");
        }
    }

    static void read_replace(const section& s, field& f)
    {
        std::vector<std::string> pair;
        if (!s.take("replace", pair)) return;
        if (pair.size() != 2) {
            s.problem("replace", "replace of " + s.title() + " must be [\"pattern\", \"text\"]");
            return;
        }
        if (const auto wrong = check_pattern(pair[0])) {
            s.problems().add_inside(s.where("replace"), *wrong, "replace of " + s.title());
        }
        f.replace_pattern = std::move(pair[0]);
        f.replace_with = std::move(pair[1]);
    }

    static void check_default(const section& s, const field& f)
    {
        if (!f.fallback) return;
        if (f.required) {
            s.problem("default", "a required field has no default: " + s.title());
        } else if (f.type.list) {
            s.problem("default", "a list has no default, it may be empty: " + s.title());
        } else if (!convert(f, *f.fallback, {})) {
            s.problem("default", "default of " + s.title() + " is not a valid " + f.type.text());
        }
    }

    void read_politeness()
    {
        politeness& into = made_.politeness;
        const toml::table* table = root_.table("politeness");
        if (!table) return;
        const section s{*table, "[politeness]", problems_, politeness_keys, politeness_later};
        constexpr names choices = {"obey", "ignore"};
        if (const auto chosen = s.take_choice("robots", choices)) into.obey_robots = *chosen == 0;
        if (!into.obey_robots && made_.scope.hosts.empty()) {
            s.problem("robots", "robots = \"ignore\" needs the hosts listed in [scope]");
        }
        s.take("delay", into.delay);
        s.take("jitter", into.jitter, 0, 10);
        s.take("per_host", into.per_host, 1, 256);
        s.take("total", into.total, 1, 1'024);
    }

    void read_http()
    {
        const toml::table* table = root_.table("http");
        if (!table) return;
        const section s{*table, "[http]", problems_, http_keys, http_later};
        if (const toml::table* limits = s.table("timeout")) {
            const section t{*limits, "timeout of [http]", problems_, timeout_keys};
            t.take("connect", made_.http.connect_timeout);
            t.take("read", made_.http.read_timeout);
            t.take("total", made_.http.total_timeout);
        }
        s.take_size("max_body", made_.http.max_body_bytes);
        if (const toml::table* headers = s.table("headers")) {
            for (const auto& [name, node] : *headers) {
                const auto* text = node.as_string();
                const auto breaks = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
                if (!text || std::any_of(text->get().begin(), text->get().end(), breaks) ||
                    !plain_name(name.str())) {
                    problems_.add(node.source(), "headers of [http] are names and single lines");
                } else {
                    made_.http.headers.emplace_back(name.str(), text->get());
                }
            }
        }
    }

    void read_retry()
    {
        const toml::table* table = root_.table("retry");
        if (!table) return;
        const section s{*table, "[retry]", problems_, retry_keys};
        retrying& into = made_.retry;
        s.take("times", into.times, 0, 100);
        std::string backoff;
        if (s.take("backoff", backoff)) {
            const auto dots = backoff.find("..");
            const auto first = read_duration(backoff.substr(0, dots));
            const auto longest =
                dots == std::string::npos ? first : read_duration(backoff.substr(dots + 2));
            if (first && longest && *first <= *longest) {
                into.first_wait = *first;
                into.longest_wait = *longest;
            } else {
                s.problem("backoff",
                          "backoff in [retry] must be two durations, such as \"1s..60s\"");
            }
        }
        read_statuses(*table, s, into);
    }

    void read_statuses(const toml::table& table, const section& s, retrying& into)
    {
        const toml::node* node = table.get("statuses");
        if (!node) return;
        std::vector<int> statuses;
        const toml::array* array = node->as_array();
        for (std::size_t i = 0; array && i < array->size(); ++i) {
            const auto* number = array->get(i)->as_integer();
            if (!number || number->get() < 400 || number->get() > 599) {
                array = nullptr;
            } else {
                statuses.push_back(static_cast<int>(number->get()));
            }
        }
        if (!array) {
            s.problem("statuses", "statuses in [retry] must be HTTP statuses from 400 to 599");
            return;
        }
        into.statuses = std::move(statuses);
    }

    void read_dedupe()
    {
        const toml::table* table = root_.table("dedupe");
        if (!table) return;
        const section s{*table, "[dedupe]", problems_, dedupe_keys};
        if (const toml::table* url = s.table("url")) {
            const section u{*url, "url of [dedupe]", problems_, dedupe_url_keys};
            u.take("sort_query", made_.dedupe.sort_query);
            u.take("drop", made_.dedupe.drop);
            u.take("strip_fragment", made_.dedupe.strip_fragment);
            u.take("lower_path", made_.dedupe.lower_path);
        }
        constexpr names choices = {"none", "sha256"};
        if (const auto chosen = s.take_choice("content", choices)) {
            made_.dedupe.content = *chosen == 1;
        }
    }

    void read_outputs()
    {
        std::set<std::string> files;
        for (const toml::table* table : root_.tables("output")) {
            const section s{*table, "[[output]]", problems_, output_keys, output_later};
            output out;
            s.take("record", out.record);
            if (!out.record.empty() && !record_names_.contains(out.record)) {
                s.problem("record", "[[output]] names no record: \"" + out.record + '"',
                          nearest(out.record, std::vector<std::string>{record_names_.begin(),
                                                                       record_names_.end()}));
            }
            if (!s.take_expanded("file", out.file)) {
                if (!s.has("file")) s.problem("file", "[[output]] needs a file");
                continue;
            }
            check_file(s, out);
            if (!files.insert(out.file).second) {
                s.problem("file", "two outputs write \"" + out.file + '"');
            }
            made_.outputs.push_back(std::move(out));
        }
    }

    static void check_file(const section& s, output& out)
    {
        std::string_view stem = out.file;
        const auto drop = [&](std::string_view suffix) {
            if (!stem.ends_with(suffix)) return false;
            stem.remove_suffix(suffix.size());
            return true;
        };
        if (drop(".gz")) {
            out.packed = output::packing::gzip;
        } else if (drop(".zst")) {
            out.packed = output::packing::zstd;
        }
        for (const std::string_view later : {".csv", ".avro", ".xml", ".parquet", ".xz", ".br"}) {
            if (stem.ends_with(later)) {
                s.problem("file", "output in " + std::string{later} + " is not offered yet");
                return;
            }
        }
        if (drop(".jsonl")) {
            out.as = output::format::jsonl;
        } else if (drop(".sqlite") && out.packed == output::packing::none) {
            out.as = output::format::sqlite;
        } else {
            s.problem("file",
                      "file in [[output]] must end in .jsonl, .jsonl.gz, .jsonl.zst or "
                      ".sqlite");
        }
        if (out.file.find('{') != std::string::npos) {
            s.problem("file", "{part} in a file name is not offered yet");
        }
    }

    void read_tasks()
    {
        const toml::table* table = root_.table("tasks");
        if (!table) return;
        const section s{*table, "[tasks]", problems_, tasks_keys};
        s.take("workers", made_.workers, 0, 64);
        std::string broker;
        if (s.take("broker", broker) && broker != "embedded") {
            s.problem("broker",
                      "broker in [tasks] must be \"embedded\"; others are not offered "
                      "yet");
        }
    }

    void check_references()
    {
        for (const auto& [where, title, name] : references_) {
            if (made_.find_page(name)) continue;
            problems_.add(where, "to in " + title + " names no page: \"" + name + '"',
                          nearest(name, page_names()));
        }
    }

    void check_page_name(const section& s, std::string_view key, const std::string& name) const
    {
        if (made_.find_page(name)) return;
        s.problem(key, std::string{key} + " in " + s.title() + " names no page: \"" + name + '"',
                  nearest(name, page_names()));
    }

    std::vector<std::string> page_names() const
    {
        std::vector<std::string> all;
        for (const auto& p : made_.pages) all.push_back(p.name);
        return all;
    }

    static void take_pattern(const section& s, std::string_view key, std::string& into)
    {
        if (!s.take(key, into)) return;
        if (const auto wrong = check_pattern(into)) {
            s.problems().add_inside(s.where(key), *wrong, std::string{key} + " of " + s.title());
        }
    }

    static void take_patterns(const section& s, std::string_view key,
                              std::vector<std::string>& into)
    {
        if (!s.take(key, into)) return;
        for (const auto& pattern : into) {
            if (const auto wrong = check_pattern(pattern)) {
                s.problems().add_inside(s.where(key), *wrong,
                                        std::string{key} + " in " + s.title());
            }
        }
    }

    static void take_xpath(const section& s, std::string_view key, std::string& into)
    {
        if (!s.take(key, into)) return;
        if (const auto wrong = check_xpath(into)) {
            s.problems().add_inside(s.where(key), *wrong, std::string{key} + " of " + s.title());
        }
    }

    void missing(const std::string& what)
    {
        toml::source_region top;
        top.begin = {1, 1};
        problems_.add(top, "a recipe needs " + what);
    }

    struct reference {
        toml::source_region where;
        std::string title;
        std::string name;
    };

    problem_list& problems_;
    section root_;
    recipe made_;
    std::set<std::string> record_names_;
    std::vector<reference> references_;
};

}  // namespace

recipe read_recipe(std::string_view toml, const std::string& file_name,
                   std::span<const std::string> overrides)
{
    problem_list problems{file_name, toml};
    toml::table root;
    try {
        root = toml::parse(toml, file_name);
    } catch (const toml::parse_error& e) {
        problems.add(e.source(), std::string{e.description()});
        problems.raise();
    }
    for (const auto& assignment : overrides) override_value(root, assignment, problems);
    recipe made = reader{root, problems}.read(file_name);
    problems.raise();
    made.source = toml;
    made.overrides.assign(overrides.begin(), overrides.end());
    return made;
}

}  // namespace ferry::harvest::detail

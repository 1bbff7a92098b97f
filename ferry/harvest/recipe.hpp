#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::harvest {

/// One thing that is wrong in a recipe, and where.
struct recipe_problem {
    std::string file;        ///< the recipe's name, or `--set KEY=VALUE`
    std::size_t line = 0;    ///< 1-based; 0: not in a file
    std::size_t column = 0;  ///< 1-based, in code points
    std::string message;
    std::string suggestion;  ///< what was probably meant; empty if nothing is near

    /// `books.toml:12:3: unknown key "depht" in [scope]; did you mean "depth"?`
    std::string text() const;
};

/// A recipe that cannot be run. `what()` is the first problem, with the number of the others.
class recipe_error : public error {
public:
    explicit recipe_error(std::vector<recipe_problem> problems);

    /// In the order of the file; at least one, at most 50.
    const std::vector<recipe_problem>& problems() const noexcept { return problems_; }

private:
    std::vector<recipe_problem> problems_;
};

/// What a field's text is turned into.
enum class field_kind {
    boolean,
    int32,
    int64,
    real,     ///< `float` and `double`
    decimal,  ///< exact, with `precision` digits of which `scale` behind the point
    string,
    url,        ///< resolved against the page's base
    date,       ///< ISO 8601 calendar date
    time,       ///< ISO 8601 time of day
    timestamp,  ///< ISO 8601 in UTC, to the microsecond where the text has fractions
    duration,   ///< seconds
    choice,     ///< `enum`: one of `choices`
};

struct field_type {
    field_kind kind = field_kind::string;
    bool list = false;  ///< `list<...>`: every match is an element
    int precision = 0;
    int scale = 0;
    std::vector<std::string> choices;

    /// As a recipe spells it: `list<decimal(10,2)>`.
    std::string text() const;
};

/// Where a field's text comes from. Several are fallbacks in order.
struct selector {
    enum class source {
        xpath,     ///< XPath 1.0, evaluated at the record's node
        meta,      ///< a fact of the page: `url`, `status`, `fetched_at`, `depth`, `referrer`
        constant,  ///< `const`: the text itself
    };
    source from = source::xpath;
    std::string text;
};

struct field {
    std::string name;
    std::vector<selector> selectors;
    std::string attribute;  ///< of the selected element; empty: its text
    std::string pattern;    ///< RE2; the first group, or the whole match
    std::string replace_pattern;
    std::string replace_with;
    bool strip = true;  ///< outer white space removed, inner white space collapsed
    field_type type;
    std::string format;  ///< strptime format of date, time and timestamp; empty: ISO 8601
    bool required = false;
    std::optional<std::string> fallback;  ///< `default`, as text that `type` accepts
};

struct record {
    std::string name;
    std::string each;  ///< XPath of the records' nodes; empty: one record a page
    std::vector<field> fields;
    std::vector<std::string> key;  ///< a later record with the same key is dropped
};

struct follow {
    std::string xpath;
    std::string attribute = "href";
    std::string to;  ///< a page's name; empty: the page whose `match` fits
};

struct page {
    std::string name;
    std::string match_url;   ///< RE2 on path and query; empty: any
    std::string match_type;  ///< media type; empty: HTML
    std::vector<follow> follows;
    std::vector<record> records;
};

struct start {
    std::string url;   ///< one absolute URL; ranges and alternatives are expanded
    std::string page;  ///< `parse`; empty: the page whose `match` fits
};

struct scope {
    enum class private_addresses { never, only_start_hosts, yes };

    std::vector<std::string> hosts;  ///< `host` or `host:port`; the start URLs' by default
    std::vector<std::string> allow;  ///< RE2 on path and query; empty: everything
    std::vector<std::string> deny;
    std::vector<std::string> schemes{"http", "https"};
    std::uint32_t depth = 64;
    std::uint64_t max_pages = 1'000'000;
    std::uint64_t max_per_host = 1'000'000;
    private_addresses addresses = private_addresses::only_start_hosts;
};

struct politeness {
    bool obey_robots = true;
    std::chrono::milliseconds delay{250};  ///< between two starts on one host
    double jitter = 0.3;                   ///< up to this part of `delay` is added, at random
    std::uint32_t per_host = 2;            ///< requests at a time
    std::uint32_t total = 32;
};

struct fetching {
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds read_timeout{20'000};
    std::chrono::milliseconds total_timeout{60'000};
    std::uint64_t max_body_bytes = 20'000'000;  ///< after decompression
    /// `${NAME}` in a value is taken from the environment when the run starts, and is never stored.
    std::vector<std::pair<std::string, std::string>> headers;
};

struct retrying {
    std::uint32_t times = 3;
    std::chrono::milliseconds first_wait{1'000};  ///< doubled each time
    std::chrono::milliseconds longest_wait{60'000};
    std::vector<int> statuses{408, 429, 500, 502, 503, 504};
};

struct deduplication {
    bool sort_query = true;
    bool strip_fragment = true;
    bool lower_path = false;
    std::vector<std::string> drop;  ///< query parameters, `*` at the end matches any rest
    bool content = false;           ///< `sha256`: a body seen before gives no records
};

struct output {
    enum class format { jsonl, sqlite };
    enum class packing { none, gzip, zstd };

    std::string record;  ///< a record's name; empty: every record
    std::string file;
    format as = format::jsonl;
    packing packed = packing::none;
};

/// What to fetch, what to take from it, and where to put it. A plain value: read from TOML, or
/// filled in by a program.
class recipe {
public:
    recipe() = default;

    /// \param overrides  `KEY=VALUE` each, as `--set` takes them: `output.0.file=x.jsonl`. A value
    ///                   is TOML, or else a string.
    /// \throws recipe_error  names file, line and column of everything that is wrong.
    /// \throws error         the file cannot be read.
    static recipe load(const std::string& file, std::span<const std::string> overrides = {});
    static recipe parse(std::string_view toml, const std::string& file_name,
                        std::span<const std::string> overrides = {});

    /// The page with this name, or nullptr.
    const page* find_page(std::string_view with_name) const noexcept;

    std::string name;
    std::string user_agent;
    std::uint64_t max_failures = UINT64_MAX;  ///< above it a run ends with exit code 3
    double max_miss_rate = 0.5;  ///< of required fields, after 100 pages: the layout has changed
    std::vector<harvest::start> starts;
    harvest::scope scope;
    std::vector<harvest::page> pages;
    harvest::politeness politeness;
    harvest::fetching http;
    harvest::retrying retry;
    harvest::deduplication dedupe;
    std::vector<harvest::output> outputs;
    std::uint32_t workers = 0;  ///< processes; 0: fetch and extract in this one

    /// The text it was read from, with the overrides behind it: what `hash` covers and what a state
    /// directory keeps.
    std::string source;
    std::vector<std::string> overrides;
};
static_assert(awaitable_argument<recipe>);

/// The recipe in plain words, one paragraph a part: what `ferry harvest check` prints.
std::string explain(const recipe& r);

/// A commented recipe to start from, for the site of `url`: what `ferry harvest init` writes.
/// \throws error  `url` is not an absolute http or https URL.
std::string starter(std::string_view url, std::string_view name);

}  // namespace ferry::harvest

#include "ferry/harvest/detail/extractor.hpp"

#include "ferry/crypto/hash.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/xpath.hpp"
#include "ferry/harvest/detail/field_reader.hpp"

#include <algorithm>
#include <unordered_set>

namespace ferry::harvest::detail {
namespace {

constexpr std::size_t max_links_per_page = 100'000;
constexpr std::size_t max_records_per_page = 100'000;
constexpr std::size_t sniffed_bytes = 512;

/// A byte that text never has: the binary data bytes of the MIME Sniffing Standard section 7.1.
bool is_binary(std::byte b)
{
    const auto c = std::to_integer<unsigned>(b);
    return c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1a) || (c >= 0x1c && c <= 0x1f);
}

bool looks_binary(const fetched_page& from)
{
    const auto head = from.body.first(std::min(from.body.size(), sniffed_bytes));
    const auto has_mark = [&](unsigned a, unsigned b) {
        return head.size() >= 2 && std::to_integer<unsigned>(head[0]) == a &&
               std::to_integer<unsigned>(head[1]) == b;
    };
    std::string charset = from.charset.substr(0, 6);
    std::transform(charset.begin(), charset.end(), charset.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (charset == "utf-16" || has_mark(0xff, 0xfe) || has_mark(0xfe, 0xff)) return false;
    return std::any_of(head.begin(), head.end(), is_binary);
}

std::size_t count_replacements(std::string_view text)
{
    std::size_t n = 0;
    for (auto at = text.find("\xEF\xBF\xBD"); at != std::string_view::npos;
         at = text.find("\xEF\xBF\xBD", at + 3)) {
        ++n;
    }
    return n;
}

page_outcome refusal(const fetched_page& from, std::string cause, std::string detail = {})
{
    page_outcome made;
    made.status = from.status;
    made.bytes = from.body.size();
    made.cause = std::move(cause);
    made.detail = std::move(detail);
    return made;
}

}  // namespace

struct extractor::compiled_page {
    struct compiled_follow {
        xpath::expression path;
        std::string attribute;
        std::optional<std::uint16_t> to;
    };
    struct compiled_record {
        std::string name;
        std::uint16_t index = 0;  ///< among all records of the recipe
        std::optional<xpath::expression> each;
        std::vector<field_reader> fields;
        std::vector<std::string> key;
    };
    std::string media_type;
    std::vector<compiled_follow> follows;
    std::vector<compiled_record> records;
};

/// One page while it is read.
struct extractor::reading {
    const extractor& owner;
    const fetched_page& from;
    const documents::tree& tree;
    url base;
    url scratch;
    bool no_index = false;
    bool no_follow = false;
    page_outcome made;

    void read_head()
    {
        static const auto base_path = xpath::expression::compile("//base/@href");
        static const auto meta_path = xpath::expression::compile("//meta[@name and @content]");
        base = url::parse(from.url);
        const auto bases = base_path.evaluate(tree);
        if (!bases.empty()) {
            if (auto b = base.try_resolve(bases.nodes().front().string())) base = std::move(*b);
        }
        no_index = from.no_index;
        no_follow = from.no_follow;
        if (!owner.obey_robots_) return;
        for (const auto& meta : meta_path.evaluate(tree).nodes()) {
            if (lower(*tree.attribute_value(meta.id(), "name")) != "robots") continue;
            const auto content = lower(*tree.attribute_value(meta.id(), "content"));
            const auto has = [&](std::string_view word) {
                return content.find(word) != std::string::npos;
            };
            no_index = no_index || has("noindex") || has("none");
            no_follow = no_follow || has("nofollow") || has("none");
        }
    }

    void read_links(const compiled_page& page)
    {
        std::unordered_set<std::string_view> seen_links;
        std::unordered_set<std::string> seen_urls;
        for (const auto& follow : page.follows) {
            seen_links.clear();
            const auto found = follow.path.evaluate(tree);
            if (!found.is_nodes()) continue;
            for (const auto& node : found.nodes()) {
                if (made.links.size() >= max_links_per_page) return;
                std::optional<std::string_view> link;
                if (node.is_attribute() && !node.is_namespace()) {
                    link = tree.value(tree.attributes(node.id())[node.attribute()]);
                } else if (node.is_element()) {
                    link = tree.attribute_value(node.id(), follow.attribute);
                }
                // Most links of a page differ in their fragment alone, or not at all.
                if (link) take_link(*link, follow, seen_links, seen_urls);
            }
        }
    }

    void take_link(std::string_view link, const compiled_page::compiled_follow& follow,
                   std::unordered_set<std::string_view>& seen_links,
                   std::unordered_set<std::string>& seen_urls)
    {
        const auto hash = link.find('#');
        if (hash != std::string_view::npos && !link.substr(hash).starts_with("#!") &&
            owner.rules_.strips_fragments()) {
            link = link.substr(0, hash);
        }
        if (link.empty() || !seen_links.insert(link).second) return;
        auto target = owner.rules_.accept(link, base, scratch);
        if (!target) return;
        const auto page = follow.to ? follow.to : owner.rules_.page_of(*target);
        if (!page || !seen_urls.insert(target->url).second) return;
        made.links.push_back({std::move(target->url), *page});
    }

    void read_records(const compiled_page& page)
    {
        const page_facts facts{from.url, base.href(), from.referrer, from.depth, from.status};
        const xpath::node root{tree, documents::tree::root()};
        std::size_t first_field = 0;
        for (const auto& record : page.records) {
            made.filled.resize(first_field + record.fields.size());
            if (record.each) {
                const auto found = record.each->evaluate(root);
                if (found.is_nodes()) {
                    for (const auto& node : found.nodes()) {
                        if (made.records.size() >= max_records_per_page) return;
                        read_record(record, node, facts, first_field);
                    }
                }
            } else {
                read_record(record, root, facts, first_field);
            }
            first_field += record.fields.size();
        }
    }

    void read_record(const compiled_page::compiled_record& record, const xpath::node& at,
                     const page_facts& facts, std::size_t first_field)
    {
        value whole = value::object();
        whole.reserve(record.fields.size());
        std::vector<bool> filled(record.fields.size());
        for (std::size_t i = 0; i < record.fields.size(); ++i) {
            const auto& f = record.fields[i];
            value v = f.read(at, facts);
            filled[i] = !(v.is_null() || (v.is_array() && v.empty()));
            if (f.what().required && !filled[i]) {
                ++made.missed;
                auto name = record.name + '.' + f.what().name;
                auto& all = made.missing;
                if (std::find(all.begin(), all.end(), name) == all.end()) {
                    all.push_back(std::move(name));
                }
                return;
            }
            whole.insert(f.what().name, std::move(v));
        }
        for (std::size_t i = 0; i < filled.size(); ++i) made.filled[first_field + i] += filled[i];
        made_record r;
        r.record = record.index;
        r.line = json::dump(whole);
        for (const auto& name : record.key) r.key += json::dump(whole.at(name)) + '\x1f';
        made.records.push_back(std::move(r));
    }

    static std::string lower(std::string_view text)
    {
        std::string made{text};
        for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        return made;
    }
};

extractor::extractor(const recipe& r)
    : rules_{r}, obey_robots_{r.politeness.obey_robots}, compare_bodies_{r.dedupe.content}
{
    std::uint16_t next_record = 0;
    for (const auto& p : r.pages) {
        auto page = std::make_unique<compiled_page>();
        page->media_type = p.match_type;
        for (const auto& f : p.follows) {
            page->follows.push_back({xpath::expression::compile(f.xpath), f.attribute,
                                     f.to.empty() ? std::nullopt : rules_.page_named(f.to)});
        }
        for (const auto& one : p.records) {
            compiled_page::compiled_record record;
            record.name = one.name;
            record.index = next_record++;
            if (!one.each.empty()) record.each = xpath::expression::compile(one.each);
            for (const auto& f : one.fields) record.fields.emplace_back(f);
            record.key = one.key;
            page->records.push_back(std::move(record));
        }
        pages_.push_back(std::move(page));
    }
}

extractor::~extractor() = default;

bool extractor::takes(std::uint16_t page, std::string_view media_type) const
{
    const std::string& wanted = pages_.at(page)->media_type;
    if (!wanted.empty()) return media_type == wanted;
    return media_type.empty() || media_type == "text/html" || media_type == "application/xhtml+xml";
}

page_outcome extractor::extract(const fetched_page& from) const
{
    const compiled_page& page = *pages_.at(from.page);
    if (!takes(from.page, from.media_type)) {
        return refusal(from, "not " + (page.media_type.empty() ? "HTML" : page.media_type),
                       from.media_type);
    }
    if (from.body.empty()) return refusal(from, "empty page");
    if (looks_binary(from)) return refusal(from, "binary data");
    try {
        const auto document = html::parse(from.body, from.charset);
        const documents::tree& tree = document.tree();
        reading now{*this, from, tree, {}, {}, false, false, {}};
        now.made.what = page_outcome::kind::page;
        now.made.status = from.status;
        now.made.bytes = from.body.size();
        const auto broken = count_replacements(tree.source());
        now.made.misencoded =
            broken > 0 &&
            broken > count_replacements(
                         {reinterpret_cast<const char*>(from.body.data()), from.body.size()});
        now.read_head();
        if (!now.no_follow) now.read_links(page);
        if (!now.no_index) now.read_records(page);
        if (compare_bodies_) now.made.body_hash = hash::sha256(from.body).hex();
        return std::move(now.made);
    } catch (const limit_error& e) {
        return refusal(from, "limit " + e.name(), e.what());
    } catch (const error& e) {
        return refusal(from, "unreadable", e.what());
    }
}

}  // namespace ferry::harvest::detail

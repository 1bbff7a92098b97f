#include "ferry/documents/html_metadata.hpp"

#include "ferry/documents/detail/css_scanner.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>

namespace ferry::html {

namespace {

using ferry::css::detail::is_space;
using ferry::css::detail::lowered;

std::vector<std::string_view> words(std::string_view text)
{
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at < text.size();) {
        if (is_space(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !is_space(text[end])) ++end;
        all.push_back(text.substr(at, end - at));
        at = end;
    }
    return all;
}

/// Reads items; an item that an `itemref` names again and again is read once in each place.
class microdata_reader {
public:
    value item(const element& e, std::size_t depth)
    {
        value made = value::object();
        if (const auto types = words(e.attr("itemtype", {})); !types.empty()) {
            value all = value::array();
            for (const auto type : types) all.push_back(value(std::string(type)));
            made["type"] = std::move(all);
        }
        if (const auto id = e.attr("itemid")) made["id"] = value(std::string(*id));
        made["properties"] = value::object();
        if (depth == 0 || ++items_ > max_items) return made;
        std::vector<element> roots;
        for (const std::string_view id : words(e.attr("itemref", {}))) {
            if ((visited_ += e.tree().size()) > max_visits) break;
            if (const auto found = html::node(e.tree(), 0).select_one('#' + ferry::css::escape(id)))
                if (found->id() != e.id()) roots.push_back(*found);
        }
        for (const element& r : roots) add(r, made["properties"], depth);
        for (const element& child : e.children()) add(child, made["properties"], depth);
        return made;
    }

private:
    static constexpr std::size_t max_items = 100'000;
    static constexpr std::size_t max_visits = 20'000'000;  // elements, where itemref repeats itself

    /// Adds the properties at and below `top`, but not those of the items in it.
    void add(const element& top, value& into, std::size_t depth)
    {
        const documents::tree& t = top.tree();
        for (documents::node_id n = top.id(); n < t.end(top.id());) {
            if (!t.is_element(n)) {
                n = t.kind(n) == node_kind::fragment ? t.end(n) : n + 1;
                continue;
            }
            if (++visited_ > max_visits) return;
            const element e(t, n);
            const bool is_item = e.has_attr("itemscope");
            for (const std::string_view name : words(e.attr("itemprop", {}))) {
                value found = is_item ? item(e, depth - 1) : value(text_of(e));
                if (into.contains(name)) {
                    into[name].push_back(std::move(found));
                } else {
                    into[name] = value::array(std::move(found));
                }
            }
            n = is_item ? t.end(n) : n + 1;
        }
    }

    static std::string text_of(const element& e)
    {
        const std::string_view name = e.name();
        const auto of = [&](std::string_view a) { return std::string(e.attr(a, {})); };
        if (name == "meta") return of("content");
        if (name == "a" || name == "area" || name == "link") return of("href");
        if (name == "object") return of("data");
        if (name == "data" || name == "meter") return of("value");
        if (name == "time" && e.has_attr("datetime")) return of("datetime");
        for (const char* media : {"audio", "embed", "iframe", "img", "source", "track", "video"})
            if (name == media) return of("src");
        return e.text();
    }

    std::size_t items_ = 0;
    std::size_t visited_ = 0;
};

bool is_open_graph(std::string_view name) noexcept
{
    for (const std::string_view prefix : {"og:", "article:", "book:", "profile:", "video:",
                                          "music:", "product:", "twitter:", "fb:"})
        if (name.starts_with(prefix)) return true;
    return false;
}

}  // namespace

std::optional<std::string_view> metadata::find(std::string_view property) const noexcept
{
    for (const auto& [name, content] : open_graph)
        if (name == property) return content;
    return std::nullopt;
}

metadata read_metadata(const document& of)
{
    constexpr std::size_t max_levels = 32;
    metadata made;
    made.title = of.title();
    if (const auto root = of.select_one(":root")) made.language = root->attr("lang", {});
    for (const element& e : of.css("meta[content]")) {
        const std::string name = lowered(e.attr("property", e.attr("name", {})));
        std::string content(e.attr("content", {}));
        if (name.empty()) continue;
        if (is_open_graph(name)) {
            made.open_graph.emplace_back(name, std::move(content));
        } else {
            if (name == "description" && made.description.empty()) made.description = content;
            made.meta.emplace_back(name, std::move(content));
        }
    }
    if (made.title.empty()) made.title = made.find("og:title").value_or("");
    if (made.description.empty()) made.description = made.find("og:description").value_or("");
    for (const element& e : of.css("link[rel~=canonical i][href]"))
        if (made.canonical.empty()) made.canonical = e.attr("href", {});
    for (const element& e : of.css("link[rel~=alternate i][href][type$=xml i]"))
        made.feeds.emplace_back(e.attr("type", {}), e.attr("href", {}));
    for (const element& e : of.css("script[type='application/ld+json' i]")) {
        try {
            made.json_ld.push_back(json::parse(e.text()));
        } catch (const error&) {
            continue;  // the page's mistake: the rest is still worth having
        }
    }
    microdata_reader reader;
    for (const element& e : of.css("[itemscope]:not([itemprop])"))
        made.microdata.push_back(reader.item(e, max_levels));
    return made;
}

}  // namespace ferry::html

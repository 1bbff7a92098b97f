#include "ferry/documents/html_stream.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/html_tags.hpp"

#include <algorithm>

namespace ferry::html {

namespace {

namespace tag = documents::detail::tag;

constexpr std::size_t most_kept = 1024;
constexpr std::size_t longest_kept = 256;

std::uint32_t traits_of(std::string_view name) noexcept
{
    return documents::detail::traits_of(documents::detail::find_static_name(name));
}

bool is_void(std::string_view name) noexcept
{
    return (traits_of(name) & documents::detail::is_void) != 0;
}

bool may_end_by_itself(std::string_view name) noexcept
{
    return (traits_of(name) & documents::detail::end_is_implied_thoroughly) != 0;
}

std::string start_tag(const token& t)
{
    std::string out = '<' + t.name;
    for (const auto& [name, value] : t.attributes) {
        out += ' ' + name + "=\"";
        for (const char c : value) {
            if (c == '&')
                out += "&amp;";
            else if (c == '"')
                out += "&quot;";
            else
                out += c;
        }
        out += '"';
    }
    return out + (t.self_closing ? "/>" : ">");
}

/// Where an element of that name may stand.
std::string_view context_of(std::string_view name) noexcept
{
    switch (documents::detail::find_static_name(name)) {
        case tag::td:
        case tag::th: return "tr";
        case tag::tr: return "tbody";
        case tag::tbody:
        case tag::thead:
        case tag::tfoot:
        case tag::caption:
        case tag::colgroup: return "table";
        case tag::col: return "colgroup";
        default: return "body";
    }
}

ferry::css::selector checked(std::string_view text)
{
    ferry::css::selector made = ferry::css::selector::compile(text);
    if (!made.is_local() || made.has_pseudo_element())
        throw parse_error(errc::unsupported,
                          "selector: a stream knows the names and attributes of an element only",
                          text_position(), std::string(text));
    return made;
}

}  // namespace

stream::stream(std::string_view selector, handler take, std::size_t max_element_bytes)
    : selector_(checked(selector)),
      take_(std::move(take)),
      max_element_bytes_(max_element_bytes),
      tokens_([this](const token& t) { this->take(t); }, max_element_bytes)
{
}

void stream::add(std::string_view text)
{
    html_ += text;
    if (html_.size() > max_element_bytes_)
        throw limit_error("max_element_bytes", max_element_bytes_);
}

void stream::finish()
{
    tokens_.finish();
    if (!open_.empty()) give();
}

/// Pages repeat themselves: what was found out about a start tag is kept for the next one.
bool stream::is_wanted(const std::string& name, const std::string& start_tag)
{
    if (const auto known = wanted_.find(start_tag); known != wanted_.end()) return known->second;
    const document alone = parse_fragment(start_tag, context_of(name));
    const auto first = alone.tree().first_child(0);
    const bool wanted = first != documents::no_node && selector_.matches(alone.tree(), first);
    if (wanted_.size() == most_kept) wanted_.clear();
    if (start_tag.size() <= longest_kept) wanted_.emplace(start_tag, wanted);
    return wanted;
}

/// Whether a start tag ends the element that is being collected, as its own end tag would.
bool stream::ends_before(std::string_view name) const
{
    if (!std::all_of(open_.begin(), open_.end(), may_end_by_itself)) return false;
    const std::string& own = open_.front();
    const auto one_of = [name](std::initializer_list<std::string_view> all) {
        return std::find(all.begin(), all.end(), name) != all.end();
    };
    if (own == "p") return (traits_of(name) & documents::detail::starts_block) != 0;
    if (own == "dt" || own == "dd") return one_of({"dt", "dd"});
    if (own == "option") return one_of({"option", "optgroup"});
    if (own == "rt" || own == "rp") return one_of({"rt", "rp"});
    if (own == "td" || own == "th") return one_of({"td", "th", "tr", "tbody", "tfoot", "thead"});
    if (own == "tr") return one_of({"tr", "tbody", "tfoot", "thead"});
    if (own == "tbody" || own == "thead" || own == "tfoot")
        return one_of({"tbody", "tfoot", "thead"});
    return own == name;
}

void stream::take(const token& t)
{
    switch (t.type) {
        case token::kind::start_tag: return take_start(t);
        case token::kind::end_tag:
            if (!open_.empty()) take_end(t);
            return;
        case token::kind::text:
            if (open_.empty()) return;
            if ((traits_of(open_.back()) & documents::detail::has_raw_text) != 0)
                return add(t.text);
            for (const char c : t.text) {
                if (c == '&')
                    html_ += "&amp;";
                else if (c == '<')
                    html_ += "&lt;";
                else
                    html_ += c;
            }
            return add({});
        case token::kind::comment:
            if (!open_.empty()) add("<!--" + t.text + "-->");
            return;
        case token::kind::doctype: return;
    }
}

void stream::take_start(const token& t)
{
    if (!open_.empty() && ends_before(t.name)) give();
    const std::string start = start_tag(t);
    if (open_.empty() && !is_wanted(t.name, start)) return;
    add(start);
    if (!is_void(t.name) && !t.self_closing) open_.push_back(t.name);
    if (open_.empty()) give();
}

void stream::take_end(const token& t)
{
    const auto found = std::find(open_.rbegin(), open_.rend(), t.name);
    if (found == open_.rend()) {
        // The end of what is around it.
        if (std::all_of(open_.begin(), open_.end(), may_end_by_itself)) give();
        return;
    }
    open_.erase(std::prev(found.base()), open_.end());
    add("</" + t.name + '>');
    if (open_.empty()) give();
}

void stream::give()
{
    open_.clear();
    const std::string text = std::move(html_);
    html_.clear();
    const std::size_t name_end = text.find_first_of(" />", 1);
    const document made =
        parse_fragment(text, context_of(std::string_view(text).substr(1, name_end - 1)));
    const auto first = made.tree().first_child(0);
    if (first != documents::no_node && made.tree().is_element(first))
        take_(element(made.tree(), first));
}

}  // namespace ferry::html

#include "ferry/documents/html_stream.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/html_feed.hpp"
#include "ferry/documents/detail/html_tags.hpp"

#include <algorithm>
#include <unordered_map>

namespace ferry::html {

namespace {

namespace tag = documents::detail::tag;
using documents::name_id;
using documents::detail::html_token;
using documents::detail::token_kind;
using documents::detail::traits_of;

constexpr std::size_t most_kept = 1024;
constexpr std::size_t longest_kept = 256;

/// Where an element of that name may stand.
std::string_view context_of(name_id name) noexcept
{
    switch (name) {
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

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept
    {
        return std::hash<std::string_view>()(text);
    }
};

}  // namespace

class stream::impl : public documents::detail::html_feed_sink {
public:
    impl(std::string_view selector, handler take, std::size_t max_element_bytes)
        : selector_(checked(selector)),
          take_(std::move(take)),
          max_element_bytes_(max_element_bytes),
          feed_(*this, max_element_bytes, true)
    {
    }

    documents::detail::html_feed& feed() noexcept { return feed_; }

    void finish()
    {
        feed_.finish();
        if (!open_.empty()) give();
    }

    void on_token(const html_token& t, std::string_view raw) override
    {
        if (t.kind == token_kind::start_tag) return start(t, raw);
        if (open_.empty()) return;
        if (t.kind == token_kind::end_tag) return end(t, raw);
        add(raw);
    }
    void on_pause() override
    {
        html_ += piece_;
        piece_ = {};
    }

private:
    /// A name; the text of one that not every tree knows.
    struct open_element {
        name_id name;
        std::string text;
    };

    void add(std::string_view raw)
    {
        piece_ = piece_.empty() ? raw : std::string_view(piece_.data(), piece_.size() + raw.size());
        if (html_.size() + piece_.size() > max_element_bytes_)
            throw limit_error("max_element_bytes", max_element_bytes_);
    }

    void start(const html_token& t, std::string_view raw)
    {
        if (!open_.empty() && start_tag_ends(t.name)) give();
        if (open_.empty()) {
            if (!is_wanted(t.name, raw)) return;
            own_ = t.name;
        }
        add(raw);
        const bool is_foreign = feed_.in_foreign() || t.name == tag::svg || t.name == tag::math;
        const bool is_whole =
            (traits_of(t.name) & documents::detail::is_void) != 0 || (t.self_closing && is_foreign);
        if (!is_whole)
            open_.push_back({t.name, std::string(text_of(t.name))});
        else if (open_.empty())
            give();
    }

    void end(const html_token& t, std::string_view raw)
    {
        const std::string_view text = text_of(t.name);
        std::size_t at = open_.size();
        while (at > 0 && (text.empty() ? open_[at - 1].name != t.name : open_[at - 1].text != text))
            --at;
        if (at == 0 && end_tag_ends(t.name)) return give();
        add(raw);
        if (at == 0) return;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at) - 1, open_.end());
        if (open_.empty()) give();
    }

    std::string_view text_of(name_id name) const noexcept
    {
        return name < tag::count ? std::string_view() : feed_.names().name(name);
    }

    /// Whether no element in the one that is being collected has one of those traits.
    bool none_inside(std::uint32_t traits) const noexcept
    {
        return std::none_of(open_.begin() + 1, open_.end(), [traits](const open_element& e) {
            return (traits_of(e.name) & traits) != 0;
        });
    }

    bool is_wanted(name_id name, std::string_view start_tag);
    bool start_tag_ends(name_id name) const noexcept;
    bool end_tag_ends(name_id name) const noexcept;
    void give();

    ferry::css::selector selector_;
    handler take_;
    std::size_t max_element_bytes_;
    // Start tags that were looked at.
    std::unordered_map<std::string, bool, text_hash, std::equal_to<>> wanted_;
    std::vector<open_element> open_;    // from the element that is being collected on
    name_id own_ = documents::no_name;  // of that element
    std::string html_;                  // what it has so far,
    std::string_view piece_;            // and of the text that is being read
    documents::detail::html_feed feed_;
};

/// Pages repeat themselves: what was found out about a start tag is kept for the next one.
bool stream::impl::is_wanted(name_id name, std::string_view start_tag)
{
    if (!selector_.may_match(feed_.names().name(name))) return false;
    if (const auto known = wanted_.find(start_tag); known != wanted_.end()) return known->second;
    const document alone = parse_fragment(start_tag, context_of(name));
    const auto first = alone.tree().first_child(0);
    const bool wanted = first != documents::no_node && selector_.matches(alone.tree(), first);
    if (wanted_.size() == most_kept) wanted_.clear();
    if (start_tag.size() <= longest_kept) wanted_.emplace(start_tag, wanted);
    return wanted;
}

/// Whether a start tag ends the element that is being collected, as its own end tag would.
bool stream::impl::start_tag_ends(name_id name) const noexcept
{
    using namespace documents::detail;
    const auto is_part = [name](std::initializer_list<name_id> more) {
        return name == tag::tbody || name == tag::thead || name == tag::tfoot ||
               name == tag::caption || name == tag::col || name == tag::colgroup ||
               std::find(more.begin(), more.end(), name) != more.end();
    };
    switch (own_) {
        case tag::p:
            return (traits_of(name) & starts_block) != 0 &&
                   none_inside(bounds_scope | bounds_button_scope);
        case tag::li:
        case tag::dt:
        case tag::dd:
            if (own_ == tag::li ? name != tag::li : name != tag::dt && name != tag::dd)
                return false;
            return std::none_of(open_.begin() + 1, open_.end(), [](const open_element& e) {
                return (traits_of(e.name) & (is_special | is_transparent_to_items)) == is_special;
            });
        case tag::td:
        case tag::th:
            return is_part({tag::td, tag::th, tag::tr}) && none_inside(bounds_table_scope);
        case tag::caption:
            return is_part({tag::td, tag::th, tag::tr}) && none_inside(bounds_table_scope);
        case tag::tr: return is_part({tag::tr}) && none_inside(bounds_table_scope);
        case tag::tbody:
        case tag::thead:
        case tag::tfoot: return is_part({}) && none_inside(bounds_table_scope);
        case tag::colgroup: return name != tag::col && name != tag::template_ && open_.size() == 1;
        default: break;
    }
    if (!std::all_of(open_.begin(), open_.end(), [](const open_element& e) {
            return (traits_of(e.name) & end_is_implied) != 0;
        }))
        return false;
    if (own_ == tag::rt || own_ == tag::rp) return name == tag::rt || name == tag::rp;
    return name == own_ || (own_ == tag::option && name == tag::optgroup);
}

/// Whether the end tag of something around the element ends it.
bool stream::impl::end_tag_ends(name_id name) const noexcept
{
    using namespace documents::detail;
    if ((traits_of(own_) & end_is_implied_thoroughly) == 0) return false;
    const bool ends_table =
        name == tag::table || name == tag::tbody || name == tag::thead || name == tag::tfoot;
    switch (own_) {
        case tag::td:
        case tag::th: return (ends_table || name == tag::tr) && none_inside(bounds_table_scope);
        case tag::tr: return ends_table && none_inside(bounds_table_scope);
        case tag::tbody:
        case tag::thead:
        case tag::tfoot:
        case tag::caption:
        case tag::colgroup: return name == tag::table && none_inside(bounds_table_scope);
        default: break;
    }
    const bool ends_other = ends_table || name == tag::tr || name == tag::td || name == tag::th ||
                            name == tag::caption || name == tag::form || name == tag::body ||
                            name == tag::html || name == tag::li || name == tag::dt ||
                            name == tag::dd || name == tag::optgroup || name == tag::ruby;
    return (ends_other || (traits_of(name) & (ends_block | is_heading)) != 0) &&
           none_inside(bounds_scope);
}

void stream::impl::give()
{
    open_.clear();
    if (!html_.empty()) piece_ = html_ += piece_;
    const document made = parse_fragment(std::exchange(piece_, {}), context_of(own_));
    html_.clear();
    const auto first = made.tree().first_child(0);
    if (first != documents::no_node && made.tree().is_element(first))
        take_(element(made.tree(), first));
}

stream::stream(std::string_view selector, handler take, std::size_t max_element_bytes)
    : impl_(std::make_unique<impl>(selector, std::move(take), max_element_bytes))
{
}
stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&&) noexcept = default;
stream::~stream() = default;

void stream::feed(std::string_view text)
{
    impl_->feed().feed(text);
}

void stream::finish()
{
    impl_->finish();
}

}  // namespace ferry::html

#include "ferry/harvest/detail/rules.hpp"

#include <algorithm>

namespace ferry::harvest::detail {
namespace {

constexpr int max_repeats = 4;  ///< of one path segment
constexpr std::size_t max_segments = 64;

std::vector<pattern> compile_all(const std::vector<std::string>& texts)
{
    std::vector<pattern> all;
    for (const auto& text : texts) all.push_back(compile_pattern(text));
    return all;
}

bool any_found(const std::vector<pattern>& patterns, std::string_view text)
{
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const pattern& p) { return found_in(p, text); });
}

}  // namespace

pattern compile_pattern(const std::string& text)
{
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    auto made = std::make_unique<const re2::RE2>(text, quiet);
    if (!made->ok()) throw error{errc::malformed, '"' + text + "\": " + made->error()};
    return made;
}

bool found_in(const pattern& p, std::string_view text)
{
    return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *p);
}

url_rules::url_rules(const recipe& r)
    : dedupe_{r.dedupe},
      allow_{compile_all(r.scope.allow)},
      deny_{compile_all(r.scope.deny)},
      schemes_{r.scope.schemes}
{
    for (const auto& p : r.pages) {
        page_names_.push_back(p.name);
        page_patterns_.push_back(p.match_url.empty() ? nullptr : compile_pattern(p.match_url));
    }
    for (const auto& s : r.starts) {
        if (const auto t = canonical(s.url, dedupe_)) start_hosts_.emplace(t->host());
    }
    hosts_.insert(r.scope.hosts.begin(), r.scope.hosts.end());
    if (hosts_.empty()) hosts_ = start_hosts_;
}

bool url_rules::in_scope(const target& t) const
{
    if (std::find(schemes_.begin(), schemes_.end(), t.scheme()) == schemes_.end()) return false;
    if (!hosts_.contains(std::string{t.host()})) return false;
    const auto path = t.path();
    if (!allow_.empty() && !any_found(allow_, path)) return false;
    return !any_found(deny_, path) && !repeats_itself(path);
}

std::optional<target> url_rules::accept(std::string_view link, const url& base, url& scratch) const
{
    auto t = canonical(link, base, dedupe_, scratch);
    if (t && !in_scope(*t)) t.reset();
    return t;
}

std::optional<std::uint16_t> url_rules::page_of(const target& t) const
{
    for (std::size_t i = 0; i < page_patterns_.size(); ++i) {
        if (!page_patterns_[i] || found_in(page_patterns_[i], t.path())) {
            return static_cast<std::uint16_t>(i);
        }
    }
    return {};
}

std::optional<std::uint16_t> url_rules::page_named(std::string_view name) const
{
    const auto found = std::find(page_names_.begin(), page_names_.end(), name);
    if (found == page_names_.end()) return {};
    return static_cast<std::uint16_t>(found - page_names_.begin());
}

bool url_rules::is_start_host(std::string_view host) const
{
    return start_hosts_.contains(std::string{host});
}

bool repeats_itself(std::string_view path)
{
    path = path.substr(0, path.find('?'));
    if (std::count(path.begin(), path.end(), '/') <= max_repeats) return false;
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        const auto end = path.find('/');
        const auto segment = path.substr(0, end);
        if (!segment.empty()) segments.push_back(segment);
        if (end == std::string_view::npos) break;
        path.remove_prefix(end + 1);
    }
    if (segments.size() > max_segments) return true;
    return std::any_of(segments.begin(), segments.end(), [&](std::string_view s) {
        return std::count(segments.begin(), segments.end(), s) > max_repeats;
    });
}

}  // namespace ferry::harvest::detail

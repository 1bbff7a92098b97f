#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::harvest {

/// What a site's robots.txt says to one crawler. RFC 9309, with the extensions `Crawl-delay`,
/// `Request-rate` and `Sitemap`. As Python's `urllib.robotparser`, which knows no wildcards, and
/// Protego, which takes the group `foo` for a crawler named `FooBot`: here a product token matches
/// whole, without case. A value; reading it allocates only for paths that need escapes changed.
class robots {
public:
    /// What is read of a file; the rest is ignored, as RFC 9309 section 2.5 allows.
    static constexpr std::size_t max_bytes = 500 * 1024;
    static constexpr std::size_t max_line_bytes = 16 * 1024;

    /// Nothing is forbidden: the answer to a status 4xx (section 2.3.1.3).
    robots() = default;

    /// Everything but `/robots.txt` is forbidden: the answer to a status 5xx or no answer at all
    /// (section 2.3.1.4).
    static robots disallow_all();

    /// Never fails: what is no rule is skipped.
    /// \param user_agent  the crawler's User-Agent; its product token, the text before the first
    ///                    `/` or space, selects the group.
    static robots parse(std::string_view text, std::string_view user_agent);

    /// Whether a path with its query, `/a?b=c`, may be fetched. The longest matching rule decides,
    /// and of equally long ones `Allow`. Cost: linear in the group's rules.
    bool allowed(std::string_view path_and_query) const;

    /// The pause that the site asks for between two requests, at most a day.
    std::optional<std::chrono::milliseconds> delay() const noexcept { return delay_; }

    /// Absolute URLs as written, whatever group they stand near.
    const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }

private:
    struct rule {
        std::string pattern;  ///< normalised, without the `$` at its end
        bool anchored = false;
        bool allow = false;
        std::size_t length = 0;  ///< of the pattern as compared, `$` included
    };
    static bool matches(const rule& r, std::string_view path) noexcept;
    friend class robots_reader;

    std::vector<rule> rules_;  ///< the one that decides first
    std::optional<std::chrono::milliseconds> delay_;
    std::vector<std::string> sitemaps_;
};

}  // namespace ferry::harvest

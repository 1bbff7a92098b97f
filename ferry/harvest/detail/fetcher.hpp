#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/harvest/detail/extractor.hpp"
#include "ferry/harvest/detail/outcome.hpp"
#include "ferry/harvest/detail/state.hpp"
#include "ferry/harvest/recipe.hpp"
#include "ferry/harvest/robots.hpp"
#include "ferry/http/session.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ferry::harvest::detail {

/// Fetches and reads pages, one attempt each: what a worker does. Knows nothing of the run.
class fetcher : public std::enable_shared_from_this<fetcher> {
public:
    explicit fetcher(std::shared_ptr<const recipe> r);

    const extractor& reader() const noexcept { return extractor_; }

    /// Never throws for what the network or the page does.
    awaitable<page_outcome> fetch(waiting_url u) { return fetch_one(shared_from_this(), u); }
    /// One after another.
    awaitable<std::vector<page_outcome>> fetch_all(std::vector<waiting_url> urls)
    {
        return fetch_each(shared_from_this(), std::move(urls));
    }

    struct robots_answer {
        robots rules;
        bool reached = false;  ///< false: nothing may be fetched because nobody answered
    };
    /// \param origin  `http://host:port`.
    awaitable<robots_answer> fetch_robots(std::string origin)
    {
        return fetch_rules(shared_from_this(), std::move(origin));
    }

private:
    static awaitable<page_outcome> fetch_one(std::shared_ptr<fetcher> self, waiting_url u);
    static awaitable<std::vector<page_outcome>> fetch_each(std::shared_ptr<fetcher> self,
                                                           std::vector<waiting_url> urls);
    static awaitable<robots_answer> fetch_rules(std::shared_ptr<fetcher> self, std::string origin);
    static awaitable<http::response> read_page(std::shared_ptr<fetcher> self, waiting_url u);

    page_outcome read(const waiting_url& u, const http::response& r) const;
    page_outcome redirected(const waiting_url& u, const http::response& r) const;
    http::request_options options_for(std::string_view url) const;
    bool may_retry(int status) const;

    std::shared_ptr<const recipe> recipe_;
    extractor extractor_;
    http::session session_;
    http::request_options options_;
    http::request_options plain_options_;  ///< for this machine, where compression only costs
};

}  // namespace ferry::harvest::detail

#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/transport.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::http {

/// A web of a test's own: rules that answer requests, and a log of those that came. Redirects,
/// retries, cookies and authentication work as with a server.
///
///     http::mock web;
///     web.get("https://api.local/users/*").reply(200, http::json(user));
///     web.post("https://api.local/orders").body("{}").reply(503).times(1);
///     http::session api(web);
///     ...
///     EXPECT_EQ(web.calls().size(), 2U);
///
/// The first rule that fits, and was not used up, answers. A request that none fits fails: its
/// error names it. Copies are the same mock; it may be used by any thread. As the Python package
/// responses, and httpx.MockTransport.
class mock {
    class state;

public:
    using answer = std::function<awaitable<response>(prepared_request)>;

    /// One rule, to be completed: `web.get(url).header("X-A", "1").reply(404)`.
    class rule {
    public:
        /// Only requests with this field, of this value.
        rule& header(std::string_view name, std::string_view value);
        /// Only requests with this body, or one that the function likes.
        rule& body(std::string_view text);
        rule& body(std::function<bool(std::string_view)> fits);
        /// Only the next `n` requests.
        rule& times(std::size_t n);

        rule& reply(response r);
        rule& reply(int status, http::body content = http::body())
        {
            return reply(response(status, std::move(content)));
        }
        /// Computes the answer: a function of `const prepared_request&` that returns a response, or
        /// a coroutine of `prepared_request`. What it throws ends the request, as a broken
        /// connection would: `throw connection_error(...)`.
        template <class F>
            requires std::is_invocable_v<const F&, prepared_request>
        rule& reply(F f)
        {
            if constexpr (std::is_convertible_v<std::invoke_result_t<const F&, prepared_request>,
                                                awaitable<response>>) {
                return reply_by(std::move(f));
            } else {
                auto shared = std::make_shared<const F>(std::move(f));
                return reply_by(
                    [shared](prepared_request q) { return call(shared, std::move(q)); });
            }
        }

    private:
        friend class mock;
        rule(std::shared_ptr<state> of, std::size_t index) : state_(std::move(of)), index_(index) {}

        template <class F>
        static awaitable<response> call(std::shared_ptr<const F> f, prepared_request q)
        {
            co_return (*f)(q);
        }
        rule& reply_by(answer a);

        std::shared_ptr<state> state_;
        std::size_t index_;
    };

    mock();

    /// \param method   `*` for any
    /// \param pattern  an absolute URL; `*` stands for any text, `/` included. Without a `?` in it,
    ///                 the query does not matter.
    rule on(std::string_view method, std::string_view pattern);
    rule get(std::string_view pattern) { return on("GET", pattern); }
    rule post(std::string_view pattern) { return on("POST", pattern); }
    rule put(std::string_view pattern) { return on("PUT", pattern); }
    rule patch(std::string_view pattern) { return on("PATCH", pattern); }
    rule delete_(std::string_view pattern) { return on("DELETE", pattern); }

    /// The requests that came, in order, those without a rule too.
    std::vector<prepared_request> calls() const;

    void apply_to(session_options& to) const;

private:
    std::shared_ptr<state> state_;
};
static_assert(awaitable_argument<mock>);

}  // namespace ferry::http

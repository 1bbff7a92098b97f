#include "ferry/http/mock.hpp"

#include "ferry/http/detail/masking.hpp"
#include "ferry/http/session_options.hpp"

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <optional>

namespace ferry::http {
namespace {

// Linear but for the stars, which are a test's own.
bool fits(std::string_view pattern, std::string_view text) noexcept
{
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = pattern.npos;
    std::size_t after_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace

class mock::state final : public transport {
public:
    class entry {
    public:
        std::string method;
        std::string pattern;
        std::vector<std::pair<std::string, std::string>> fields;
        std::function<bool(std::string_view)> body;
        std::optional<std::size_t> left;
        answer reply;

        bool fits(const prepared_request& q) const
        {
            if (left && *left == 0) return false;
            if (method != "*" && method != q.method) return false;
            std::string_view url = q.url.without_fragment();
            if (pattern.find('?') == pattern.npos) url = url.substr(0, url.find('?'));
            if (!http::fits(pattern, url)) return false;
            for (const auto& [name, value] : fields) {
                if (q.headers.get(name) != value) return false;
            }
            return !body || body(q.content.text());
        }
    };

    awaitable<response> send(prepared_request what) override
    {
        auto answering = find(what)(what);
        co_return co_await std::move(answering);
    }

    // The rule's answer, of which a copy is run: rules may be added meanwhile.
    answer find(const prepared_request& what)
    {
        const std::lock_guard lock(mutex);
        calls.push_back(what);
        for (entry& e : rules) {
            if (!e.fits(what)) continue;
            if (e.left) --*e.left;
            return e.reply;
        }
        throw error(ferry::errc::not_found,
                    fmt::format("mock: none of {} rules is for {} {}", rules.size(), what.method,
                                detail::mask_url(what.url)));
    }

    std::mutex mutex;
    std::deque<entry> rules;
    std::vector<prepared_request> calls;
};

mock::mock() : state_(std::make_shared<state>()) {}

mock::rule mock::on(std::string_view method, std::string_view pattern)
{
    state::entry made;
    made.method = method;
    made.pattern = pattern;
    const std::lock_guard lock(state_->mutex);
    state_->rules.push_back(std::move(made));
    rule r(state_, state_->rules.size() - 1);
    state_->rules.back().reply = [](prepared_request) -> awaitable<response> {
        co_return response(200);
    };
    return r;
}

std::vector<prepared_request> mock::calls() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->calls;
}

void mock::apply_to(session_options& to) const
{
    to.transport = state_;
}

mock::rule& mock::rule::header(std::string_view name, std::string_view value)
{
    const std::lock_guard lock(state_->mutex);
    state_->rules[index_].fields.emplace_back(name, value);
    return *this;
}

mock::rule& mock::rule::body(std::string_view text)
{
    return body([wanted = std::string(text)](std::string_view got) { return got == wanted; });
}

mock::rule& mock::rule::body(std::function<bool(std::string_view)> fits)
{
    const std::lock_guard lock(state_->mutex);
    state_->rules[index_].body = std::move(fits);
    return *this;
}

mock::rule& mock::rule::times(std::size_t n)
{
    const std::lock_guard lock(state_->mutex);
    state_->rules[index_].left = n;
    return *this;
}

mock::rule& mock::rule::reply(response r)
{
    return reply([r = std::move(r)](const prepared_request&) { return r; });
}

mock::rule& mock::rule::reply_by(answer a)
{
    const std::lock_guard lock(state_->mutex);
    state_->rules[index_].reply = std::move(a);
    return *this;
}

}  // namespace ferry::http

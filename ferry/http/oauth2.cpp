#include "ferry/async/loop.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/http/auth.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/response.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

namespace ferry::http {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto renewed_before_expiry = 30s;
constexpr std::uint64_t max_answer_bytes = 256 * 1024;
constexpr std::int64_t longest_life_seconds = 366LL * 24 * 3600;

// A request that waits while another one, perhaps on another thread, asks for the token.
struct turn {
    ferry::loop home = ferry::loop::current();
    std::shared_ptr<void> held = home.hold();
    event done;
    std::exception_ptr failure;
};

std::string form_encoded(const std::string& text)
{
    query_pairs one;
    one.append("", text);
    return one.to_string().substr(1);
}

}  // namespace

/// One access token, however many requests and threads need it.
class oauth2::state {
public:
    std::string token_url;
    std::string id;
    std::string secret;
    std::string scopes;
    std::string refresh;
    query_pairs extra;
    bool in_body = false;
    bool insecure = false;

    /// Sends the request with a token, and once more with a new one if that is refused.
    static awaitable<void> authenticate(std::shared_ptr<state> self, auth_context* c)
    {
        self->check_exposure(c->url());
        for (const bool last : {false, true}) {
            const std::string token = co_await current(self, c);
            c->set("Authorization", "Bearer " + token);
            const int status = co_await c->send();
            if (status != 401 || last) co_return;
            self->forget(token);
        }
    }

private:
    // Ends the turn of whoever asks for a token, whatever becomes of it.
    class asking {
    public:
        explicit asking(state& of) noexcept : of_(of) {}
        asking(const asking&) = delete;
        asking& operator=(const asking&) = delete;
        ~asking() { of_.end_turn(failure); }
        std::exception_ptr failure;

    private:
        state& of_;
    };

    static awaitable<std::string> current(std::shared_ptr<state> self, auth_context* c)
    {
        for (;;) {
            std::shared_ptr<turn> wait;
            {
                const std::lock_guard guard(self->mutex_);
                if (!self->token_.empty() && clock::now() < self->good_until_) {
                    co_return self->token_;
                }
                if (self->asking_) {
                    wait = self->waiting_.emplace_back(std::make_shared<turn>());
                } else {
                    self->asking_ = true;
                }
            }
            if (!wait) break;
            co_await wait->done.wait();
            if (wait->failure) std::rethrow_exception(wait->failure);
        }
        asking turn_of_mine(*self);
        try {
            co_await ask(self, c);
        } catch (const error&) {
            turn_of_mine.failure = std::current_exception();
            throw;
        }
        const std::lock_guard guard(self->mutex_);
        co_return self->token_;
    }

    static awaitable<void> ask(std::shared_ptr<state> self, auth_context* c)
    {
        std::string refresh = self->refresh_token();
        if (!refresh.empty()) {
            auto by_refresh = self->request(*c, refresh);
            const response answer = co_await std::move(by_refresh);
            // An old refresh token is no misfortune while there are credentials.
            if (answer.ok() || self->secret.empty()) {
                self->take(answer);
                co_return;
            }
            self->drop_refresh_token();
        }
        auto by_credentials = self->request(*c, {});
        const response answer = co_await std::move(by_credentials);
        self->take(answer);
    }

    awaitable<response> request(auth_context& c, const std::string& with_refresh) const
    {
        query_pairs form;
        form.append("grant_type", with_refresh.empty() ? "client_credentials" : "refresh_token");
        if (!with_refresh.empty()) form.append("refresh_token", with_refresh);
        if (!scopes.empty()) form.append("scope", scopes);
        for (const auto& [name, value] : extra) form.append(name, value);
        request_options options(max_body(max_answer_bytes), redirects(0),
                                headers("Accept", "application/json"));
        if (in_body || secret.empty()) {
            form.append("client_id", id);
            if (!secret.empty()) form.append("client_secret", secret);
        } else {
            // RFC 6749 section 2.3.1: both are form-encoded first.
            options.auth = {
                auth_option::scheme::basic,
                "Basic " + base64::encode(form_encoded(id) + ":" + form_encoded(secret))};
        }
        options.body = body(form.to_string(), "application/x-www-form-urlencoded");
        return c.request("POST", token_url, std::move(options));
    }

    void take(const response& answer)
    {
        std::optional<value> fields;
        try {
            fields = answer.json();
        } catch (const error&) {
            fields.reset();
        }
        const auto text = [&](const std::string& name) {
            const value* const found = fields ? fields->find("/" + name) : nullptr;
            return found != nullptr && found->is_string() ? found->as<std::string>()
                                                          : std::string();
        };
        const std::string token = text("access_token");
        if (!answer.ok() || token.empty()) {
            std::string why = text("error");
            const std::string more = text("error_description");
            if (!more.empty()) why += (why.empty() ? "" : ": ") + more;
            throw protocol_error(
                errc::token_refused,
                fmt::format("token endpoint {}: status {}{}{}", answer.url().redacted(),
                            answer.status, why.empty() ? "" : ", ", detail::quoted(why)));
        }
        static_cast<void>(bearer(token));  // refuses what cannot travel in a header
        const value* const life = fields->find("/expires_in");
        const std::string renewed = text("refresh_token");
        const std::lock_guard guard(mutex_);
        token_ = token;
        good_until_ = clock::time_point::max();
        if (life != nullptr && life->is_integer()) {
            const auto seconds =
                std::clamp<std::int64_t>(life->as<std::int64_t>(), 0, longest_life_seconds);
            good_until_ = clock::now() + std::chrono::seconds(seconds) - renewed_before_expiry;
        }
        if (!renewed.empty()) refresh = renewed;
    }

    void forget(const std::string& token)
    {
        const std::lock_guard guard(mutex_);
        if (token_ == token) token_.clear();
    }
    std::string refresh_token()
    {
        const std::lock_guard guard(mutex_);
        return refresh;
    }
    void drop_refresh_token()
    {
        const std::lock_guard guard(mutex_);
        refresh.clear();
    }

    void end_turn(const std::exception_ptr& failure)
    {
        std::vector<std::shared_ptr<turn>> all;
        {
            const std::lock_guard guard(mutex_);
            asking_ = false;
            all.swap(waiting_);
        }
        for (const auto& t : all) {
            t->failure = failure;
            t->home.post([t] { t->done.set(); });
        }
    }

    void check_exposure(const ferry::url& api) const
    {
        const auto to = ferry::url::try_parse(token_url);
        if (insecure) return;
        if ((to && detail::is_exposed(*to)) || detail::is_exposed(api)) {
            throw error(errc::insecure_credentials,
                        "an OAuth 2 secret would travel over plain http");
        }
    }

    std::mutex mutex_;
    std::string token_;
    clock::time_point good_until_;
    bool asking_ = false;
    std::vector<std::shared_ptr<turn>> waiting_;
};

oauth2::oauth2(std::string token_url, std::string id, std::string secret, std::string scopes)
    : state_(std::make_shared<state>())
{
    state_->token_url = std::move(token_url);
    state_->id = std::move(id);
    state_->secret = std::move(secret);
    state_->scopes = std::move(scopes);
}

oauth2& oauth2::refresh_token(std::string token)
{
    state_->refresh = std::move(token);
    return *this;
}

oauth2& oauth2::credentials_in_body()
{
    state_->in_body = true;
    return *this;
}

oauth2& oauth2::parameter(std::string name, std::string value)
{
    state_->extra.append(std::move(name), std::move(value));
    return *this;
}

oauth2& oauth2::insecure_ok()
{
    state_->insecure = true;
    return *this;
}

void oauth2::apply_to(request_options& to) const
{
    to.auth =
        auth_option([kept = state_](auth_context& c) { return state::authenticate(kept, &c); });
}

}  // namespace ferry::http

#include "ferry/zmq/authenticator.hpp"

#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/zmq/certificate.hpp"
#include "ferry/zmq/detail/zap.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/socket.hpp"

#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

namespace ferry::zmq {
namespace {

constexpr std::size_t key_bytes = 32;

/// Takes the same time for all texts of one length.
bool same(std::string_view a, std::string_view b) noexcept
{
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < b.size(); ++i) {
        const char other = i < a.size() ? a[i] : '\0';
        difference |= static_cast<unsigned char>(other ^ b[i]);
    }
    return difference == 0;
}

/// The domain's rule, else the one for all.
template <class Rules>
const typename Rules::mapped_type* rule_for(const Rules& rules, const std::string& domain)
{
    auto at = rules.find(domain);
    if (at == rules.end()) at = rules.find("*");
    return at == rules.end() ? nullptr : &at->second;
}

/// What became of a client: its name, or why not.
class verdict {
public:
    static verdict accept(std::string user) { return {std::move(user), {}}; }
    static verdict refuse(std::string_view why) { return {{}, why}; }
    std::string user;
    std::string_view refused;

private:
    verdict(std::string u, std::string_view r) : user{std::move(u)}, refused{r} {}
};

}  // namespace

class authenticator::impl {
public:
    explicit impl(const context& of) : asked{of, rep} { asked.bind("inproc://zeromq.zap.01"); }

    using curve_rule = std::function<bool(std::string_view, std::string_view)>;

    static awaitable<void> serve(std::shared_ptr<impl> self)
    {
        try {
            for (;;) {
                auto waiting = self->asked.receive_multipart();
                const multipart question = co_await std::move(waiting);
                multipart reply = self->answer(question);
                // A REP that does not answer cannot receive again.
                if (reply.empty()) reply = parts("");
                co_await self->asked.send_multipart(std::move(reply));
            }
        } catch (const error& e) {
            if (e.code() != errc::terminated && e.code() != errc::closed) throw;
            self->asked.close();
        }
    }

    multipart answer(const multipart& question);
    verdict judge(const detail::zap_request& r) const;
    verdict judge_plain(const detail::zap_request& r) const;
    verdict judge_curve(const detail::zap_request& r) const;

    socket asked;
    task<void> serving;
    std::set<std::string> allowed;
    std::set<std::string> denied;
    std::map<std::string, std::map<std::string, std::string>> passwords;
    std::map<std::string, curve_rule> curve;
    std::map<std::string, bool> gssapi;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
};

multipart authenticator::impl::answer(const multipart& question)
{
    std::string_view id;
    if (question.size() >= 2) id = question[1].text();
    try {
        const detail::zap_request r = detail::parse_zap_request(question);
        const verdict v = judge(r);
        log::debug("a ZeroMQ client was judged", "mechanism", r.mechanism, "domain", r.domain,
                   "address", r.address, "user", v.user, "refused", v.refused);
        if (!v.refused.empty()) {
            ++refused;
            return detail::zap_reply(id, "400", v.refused);
        }
        ++accepted;
        return detail::zap_reply(id, "200", "OK", v.user);
    } catch (const std::exception& e) {
        log::error("a ZeroMQ client could not be judged", "failure", e.what());
        ++refused;
        const bool theirs = dynamic_cast<const protocol_error*>(&e) != nullptr;
        if (question.size() < 2 || id.size() > detail::max_zap_frame_bytes) return {};
        return detail::zap_reply(id, theirs ? "400" : "500",
                                 theirs ? "Invalid request" : "Internal error");
    }
}

verdict authenticator::impl::judge(const detail::zap_request& r) const
{
    if (!allowed.empty() && !allowed.contains(r.address)) {
        return verdict::refuse("Address not allowed");
    }
    if (denied.contains(r.address)) return verdict::refuse("Address denied");
    if (r.mechanism == "NULL") return verdict::accept("anonymous");
    if (r.mechanism == "PLAIN") return judge_plain(r);
    if (r.mechanism == "CURVE") return judge_curve(r);
    if (r.mechanism == "GSSAPI" && r.credentials.size() == 1 &&
        rule_for(gssapi, r.domain) != nullptr) {
        return verdict::accept(r.credentials[0]);
    }
    return verdict::refuse("Unknown mechanism");
}

verdict authenticator::impl::judge_plain(const detail::zap_request& r) const
{
    if (r.credentials.size() != 2) return verdict::refuse("Invalid credentials");
    const auto* const users = rule_for(passwords, r.domain);
    if (users == nullptr) return verdict::refuse("No passwords defined");
    const auto user = users->find(r.credentials[0]);
    if (user == users->end()) return verdict::refuse("Invalid username");
    if (!same(user->second, r.credentials[1])) return verdict::refuse("Invalid password");
    return verdict::accept(r.credentials[0]);
}

verdict authenticator::impl::judge_curve(const detail::zap_request& r) const
{
    if (r.credentials.size() != 1 || r.credentials[0].size() != key_bytes) {
        return verdict::refuse("Invalid credentials");
    }
    const curve_rule* const rule = rule_for(curve, r.domain);
    if (rule == nullptr) return verdict::refuse("Unknown domain");
    std::string key = z85::encode(as_bytes(r.credentials[0]));
    if (!(*rule)(r.domain, key)) return verdict::refuse("Unknown key");
    return verdict::accept(std::move(key));
}

authenticator::authenticator(const context& of) : impl_{std::make_shared<impl>(of)}
{
    impl_->serving = spawn(impl::serve(impl_), "zmq authenticator");
}

authenticator::~authenticator()
{
    if (!impl_) return;
    impl_->serving.cancel();
    impl_->asked.close();
}

void authenticator::allow(std::string address)
{
    if (!impl_->denied.empty()) {
        throw error(errc::wrong_state, "authenticator: either allow or deny, not both");
    }
    impl_->allowed.insert(std::move(address));
}

void authenticator::deny(std::string address)
{
    if (!impl_->allowed.empty()) {
        throw error(errc::wrong_state, "authenticator: either allow or deny, not both");
    }
    impl_->denied.insert(std::move(address));
}

void authenticator::configure_plain(std::string domain,
                                    std::map<std::string, std::string> passwords)
{
    impl_->passwords[std::move(domain)] = std::move(passwords);
}

void authenticator::configure_curve(std::string domain, const std::string& folder)
{
    const auto keys = load_certificates(folder);
    auto known = std::make_shared<const std::unordered_set<std::string>>(keys.begin(), keys.end());
    impl_->curve[std::move(domain)] = [known](std::string_view, std::string_view key) {
        return known->contains(std::string(key));
    };
}

void authenticator::configure_curve_allow_any(std::string domain)
{
    impl_->curve[std::move(domain)] = [](std::string_view, std::string_view) { return true; };
}

void authenticator::configure_curve_callback(
    std::string domain, std::function<bool(std::string_view, std::string_view)> f)
{
    impl_->curve[std::move(domain)] = std::move(f);
}

void authenticator::configure_gssapi(std::string domain)
{
    impl_->gssapi[std::move(domain)] = true;
}

multipart authenticator::answer(const multipart& request) const
{
    return impl_->answer(request);
}

std::uint64_t authenticator::accepted() const noexcept
{
    return impl_->accepted;
}

std::uint64_t authenticator::refused() const noexcept
{
    return impl_->refused;
}

}  // namespace ferry::zmq

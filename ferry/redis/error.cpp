#include "ferry/redis/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::redis {
namespace {

struct word_of {
    errc code;
    std::string_view word;
};

constexpr auto words = std::to_array<word_of>({
    {errc::wrong_type, "WRONGTYPE"},
    {errc::no_auth, "NOAUTH"},
    {errc::wrong_pass, "WRONGPASS"},
    {errc::no_perm, "NOPERM"},
    {errc::no_script, "NOSCRIPT"},
    {errc::exec_abort, "EXECABORT"},
    {errc::read_only, "READONLY"},
    {errc::loading, "LOADING"},
    {errc::moved, "MOVED"},
    {errc::ask, "ASK"},
    {errc::cluster_down, "CLUSTERDOWN"},
    {errc::busy, "BUSY"},
    {errc::oom, "OOM"},
    {errc::master_down, "MASTERDOWN"},
    {errc::unkillable, "UNKILLABLE"},
    {errc::no_group, "NOGROUP"},
    {errc::busy_group, "BUSYGROUP"},
    {errc::try_again, "TRYAGAIN"},
    {errc::misconf, "MISCONF"},
});

class redis_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "redis"; }

    std::string message(int value) const override
    {
        const auto code = static_cast<errc>(value);
        switch (code) {
            case errc::other: return "error reply";
            case errc::conflict: return "watched keys changed";
            case errc::bad_reply: return "unexpected reply";
            case errc::lock_lost: return "lock lost";
            default: break;
        }
        const auto* at = std::ranges::find(words, code, &word_of::code);
        return at == words.end() ? "unknown error" : std::string{at->word};
    }

    std::error_condition default_error_condition(int value) const noexcept override
    {
        switch (static_cast<errc>(value)) {
            case errc::no_auth:
            case errc::wrong_pass:
            case errc::no_perm: return condition::denied;
            case errc::read_only:
            case errc::loading:
            case errc::master_down:
            case errc::cluster_down:
            case errc::moved:
            case errc::ask: return condition::disconnected;
            case errc::busy:
            case errc::oom:
            case errc::try_again:
            case errc::misconf:
            case errc::conflict: return condition::overloaded;
            case errc::no_script:
            case errc::no_group:
            case errc::lock_lost: return condition::not_found;
            default: return condition::bad_input;
        }
    }
};

std::string_view first_word(std::string_view text)
{
    return text.substr(0, text.find(' '));
}

errc code_of(std::string_view text)
{
    const auto* at = std::ranges::find(words, first_word(text), &word_of::word);
    return at == words.end() ? errc::other : at->code;
}

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    static const redis_category category;
    return {static_cast<int>(e), category};
}

response_error::response_error(std::string text)
    : protocol_error{code_of(text), text}, text_{std::move(text)}
{
}

std::string_view response_error::word() const noexcept
{
    return first_word(text_);
}

}  // namespace ferry::redis

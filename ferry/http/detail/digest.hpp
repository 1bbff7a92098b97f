#pragma once

#include "ferry/crypto/hash.hpp"
#include "ferry/http/detail/challenge.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {
class auth_context;
}

namespace ferry::http::detail {

/// What a server asks for, of Digest (RFC 7616 section 3.3), and what is kept to answer it again.
class digest_challenge {
public:
    /// Nothing if the challenge is not Digest, or asks for what is not known here.
    static std::optional<digest_challenge> from(const challenge& c);

    std::string realm;
    std::string nonce;
    std::optional<std::string> opaque;
    std::string algorithm;  ///< as written; empty if it was not
    hash::algorithm hash = hash::algorithm::md5;
    bool session = false;     ///< the algorithm ends in -sess
    bool has_qop = false;     ///< RFC 2069 has none
    bool integrity = false;   ///< auth-int, if auth is not offered
    bool hides_user = false;  ///< userhash
    bool stale = false;
};

/// The request that an answer is for.
struct digest_request {
    std::string_view method;
    std::string_view target;
    std::span<const std::byte> body;
};

/// The value of Authorization. \param count  how often the nonce was used, with this time.
std::string answer_digest(const digest_challenge& c, std::string_view user,
                          std::string_view password, const digest_request& what,
                          std::uint32_t count, std::string_view client_nonce);

/// A user's name and password, and the nonces that servers gave for them. Thread-safe.
class digest_credentials {
public:
    digest_credentials(std::string user, std::string password)
        : user_(std::move(user)), password_(std::move(password))
    {
    }

    struct answer {
        std::string header;
        std::string nonce;
    };

    /// By the nonce that is known for the request's origin; nothing without one.
    /// \throws error with errc::bad_challenge  auth-int, and the body is not in memory.
    std::optional<answer> authorize(const auth_context& c);

    /// Keeps the challenge of a 401. \return whether to answer it: not if `sent` has just been
    /// refused, unless its nonce was `remembered` from before or is declared stale.
    bool take_challenge(const auth_context& c, const std::optional<answer>& sent, bool remembered);

    /// Goes over to the next nonce, if an Authentication-Info has one.
    void take_info(const auth_context& c);

private:
    struct known {
        std::string origin;
        digest_challenge challenge;
        std::string client_nonce;
        std::uint32_t count = 0;
    };

    known* find(std::string_view origin) noexcept;
    void remember(std::string origin, digest_challenge c);

    std::string user_;
    std::string password_;
    std::mutex mutex_;
    std::vector<known> known_;
};

}  // namespace ferry::http::detail

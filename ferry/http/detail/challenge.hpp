#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// One way to authenticate that a server offers in WWW-Authenticate (RFC 9110 section 11.3).
class challenge {
public:
    std::string scheme;   ///< in lower case
    std::string token68;  ///< in place of parameters, as Negotiate has it
    std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case

    /// Empty if there is no such parameter.
    std::string_view find(std::string_view name) const noexcept;
};

/// A server that offers more than this, or with more parameters, is not listened to any further.
inline constexpr std::size_t max_challenges = 16;
inline constexpr std::size_t max_challenge_parameters = 32;

/// Reads the challenges of one field value; what is malformed ends the reading. Linear.
std::vector<challenge> parse_challenges(std::string_view field);

/// Reads parameters alone, as in Authentication-Info.
std::vector<std::pair<std::string, std::string>> parse_auth_parameters(std::string_view field);

}  // namespace ferry::http::detail

// WWW-Authenticate and Authentication-Info, and the answers that follow from them.
#include "ferry/http/detail/challenge.hpp"
#include "ferry/http/detail/digest.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::http::detail;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto all = parse_challenges(input);
    if (all.size() > max_challenges) std::abort();
    for (const auto& c : all) {
        if (c.parameters.size() > max_challenge_parameters) std::abort();
        const auto digest = digest_challenge::from(c);
        if (!digest) continue;
        const std::string answer =
            answer_digest(*digest, "user", "password", {"GET", "/", {}}, 1, "nonce");
        // What came in a header may go out in one.
        if (input.find_first_of(std::string_view("\r\n\0", 3)) == input.npos &&
            answer.find_first_of(std::string_view("\r\n\0", 3)) != answer.npos) {
            std::abort();
        }
    }
    if (parse_auth_parameters(input).size() > max_challenge_parameters) std::abort();
    return 0;
}

#include "ferry/core/idna.hpp"

#include "ferry/core/error.hpp"

#include <unicode/uidna.h>

#include <cstdint>
#include <limits>

namespace ferry::idna {
namespace {

const UIDNA* uts46()
{
    static const UIDNA* const the_one = [] {
        UErrorCode status = U_ZERO_ERROR;
        const UIDNA* made =
            uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
                            &status);
        if (U_FAILURE(status)) throw error{errc::unsupported, "ICU has no IDNA data"};
        return made;
    }();
    return the_one;
}

// What the URL Standard does not check.
constexpr std::uint32_t ignored = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                  UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                  UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

template <class Convert>
std::optional<std::string> convert(std::string_view domain, Convert call, UIDNAInfo& info)
{
    // Names are short; ICU's cost grows with the square of a label's length.
    constexpr std::size_t max_domain_bytes = 16384;
    if (domain.size() > max_domain_bytes) return std::nullopt;
    std::string out(domain.size() * 2 + 64, '\0');
    for (;;) {
        UErrorCode status = U_ZERO_ERROR;
        const std::int32_t size =
            call(uts46(), domain.data(), static_cast<std::int32_t>(domain.size()), out.data(),
                 static_cast<std::int32_t>(out.size()), &info, &status);
        if (status == U_BUFFER_OVERFLOW_ERROR) {
            out.resize(static_cast<std::size_t>(size) + 1);
            info = UIDNA_INFO_INITIALIZER;
            continue;
        }
        if (U_FAILURE(status)) return std::nullopt;
        out.resize(static_cast<std::size_t>(size));
        return out;
    }
}

}  // namespace

std::optional<std::string> to_ascii(std::string_view domain)
{
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    auto ascii = convert(domain, uidna_nameToASCII_UTF8, info);
    if ((info.errors & ~ignored) != 0) return std::nullopt;
    return ascii;
}

std::string to_unicode(std::string_view domain)
{
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    return convert(domain, uidna_nameToUnicodeUTF8, info).value_or(std::string{domain});
}

}  // namespace ferry::idna

#include "ferry/documents/detail/html_encoding.hpp"

#include <unicode/ucsdet.h>

#include <algorithm>
#include <memory>

namespace ferry::documents::detail {

std::optional<charset::encoding> likely_encoding(std::string_view bytes)
{
    constexpr std::size_t most = std::size_t{64} << 10U;
    // Below it ICU knows little more than that the bytes are possible.
    constexpr std::int32_t least_confidence = 10;
    UErrorCode failed = U_ZERO_ERROR;
    const std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)> detector(ucsdet_open(&failed),
                                                                              &ucsdet_close);
    bytes = bytes.substr(0, most);
    ucsdet_enableInputFilter(detector.get(), 1);  // tags say nothing about the language
    ucsdet_setText(detector.get(), bytes.data(), static_cast<std::int32_t>(bytes.size()), &failed);
    std::int32_t count = 0;
    const UCharsetMatch** const found = ucsdet_detectAll(detector.get(), &count, &failed);
    if (U_FAILURE(failed)) return std::nullopt;
    for (const UCharsetMatch* match : std::span(found, static_cast<std::size_t>(count))) {
        if (ucsdet_getConfidence(match, &failed) < least_confidence || U_FAILURE(failed)) break;
        const char* const name = ucsdet_getName(match, &failed);
        if (U_FAILURE(failed)) break;
        const auto known = charset::find(name);
        if (known && *known != charset::encoding::utf_8) return known;
    }
    return std::nullopt;
}

}  // namespace ferry::documents::detail

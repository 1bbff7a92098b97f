#include "ferry/http/download.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/session.hpp"

#include <algorithm>

namespace ferry::http {

sha256::sha256(std::string_view hex) : hex_(hex)
{
    std::ranges::transform(hex_, hex_.begin(), detail::lower);
    const auto is_hex = [](char c) { return detail::is_digit(c) || (c >= 'a' && c <= 'f'); };
    if (hex_.size() != 64 || !std::ranges::all_of(hex_, is_hex)) {
        throw error(ferry::errc::malformed, "a SHA-256 has 64 hexadecimal digits");
    }
}

awaitable<downloaded> download(std::string url, std::string path, download_options with)
{
    return default_session().save(std::move(url), std::move(path), std::move(with));
}

}  // namespace ferry::http

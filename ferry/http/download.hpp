#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/response.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ferry::http {

/// How a file is downloaded, and the options of the requests that this takes.
class download_options {
public:
    download_options() = default;

    void apply_to(download_options& to) const { to = *this; }

    request_options request;
    bool resumes = true;
    bool syncs = false;
    int segment_count = 1;
    std::string sha256_hex;  ///< what the file must have; empty: anything
};
static_assert(awaitable_argument<download_options>);

/// What may be given to download(): its own options, and any option of a request.
template <class T>
concept download_option =
    request_option<T> ||
    requires(const std::remove_cvref_t<T>& option, download_options& to) { option.apply_to(to); };

namespace detail {

template <download_option Option>
void apply(const Option& option, download_options& to)
{
    if constexpr (request_option<Option>) {
        option.apply_to(to.request);
    } else {
        option.apply_to(to);
    }
}

}  // namespace detail

/// Whether a download goes on where an earlier one was broken off. It does, unless told otherwise;
/// and a file that is there already, as long as the server's and of the same time, is not fetched
/// again: one HEAD tells. With sha256() it is.
inline auto resume(bool yes = true)
{
    return detail::simple_option<&download_options::resumes, bool>(yes);
}
/// The file is on the disk, and not only in the system's memory, when the download returns.
inline auto sync_to_disk()
{
    return detail::simple_option<&download_options::syncs, bool>(true);
}
/// Fetches the file in so many parts at once, if the server offers ranges and the file has 1 MiB a
/// part or more. \param n  1 to 16.
inline auto segments(int n)
{
    return detail::simple_option<&download_options::segment_count, int>(n);
}

/// The SHA-256 that the file must have, in hexadecimal digits of either case.
class sha256 {
public:
    /// \throws error  not 64 hexadecimal digits.
    explicit sha256(std::string_view hex);
    void apply_to(download_options& to) const { to.sha256_hex = hex_; }

private:
    std::string hex_;
};

/// What a download has left on the disk.
class downloaded {
public:
    downloaded() = default;

    std::string path;
    std::uint64_t size = 0;
    std::uint64_t resumed_from = 0;  ///< bytes that were there before
    std::string sha256_hex;          ///< if it was asked for
    http::response response;         ///< the last one's head
};
static_assert(awaitable_argument<downloaded>);

/// As session::download, on the default session.
awaitable<downloaded> download(std::string url, std::string path, download_options with);

template <download_option... Options>
    requires(sizeof...(Options) != 1 ||
             !(std::same_as<std::remove_cvref_t<Options>, download_options> && ...))
awaitable<downloaded> download(std::string url, std::string path, const Options&... options)
{
    download_options all;
    (detail::apply(options, all), ...);
    return download(std::move(url), std::move(path), std::move(all));
}

}  // namespace ferry::http

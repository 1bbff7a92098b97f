#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace ferry::http {

class request_options;

/// How far the bodies of a request and its response have come: bytes as they are on the wire, coded
/// if they are.
class transfer {
public:
    std::uint64_t sent = 0;
    std::optional<std::uint64_t> sent_total;  ///< if it is known
    std::uint64_t received = 0;
    std::optional<std::uint64_t> received_total;
};

/// Calls `f` while bodies go out and come in, at most every 100 ms, and once when each is whole.
/// A redirect or a second attempt starts again at 0. As curl's progress function.
///
///     co_await api.post(url, http::from_file("big.iso"), http::progress(show));
///
/// `f` runs on the request's loop and must not block; what it throws ends the request.
class progress {
public:
    explicit progress(std::function<void(const transfer&)> f) : call_(std::move(f)) {}
    void apply_to(request_options& to) const;

private:
    std::function<void(const transfer&)> call_;
};

}  // namespace ferry::http

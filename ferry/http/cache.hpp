#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/headers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ferry::http {

class session_options;

/// A private cache for a session (RFC 9111): what it holds and is fresh is not asked for again;
/// what is stale is asked for with its validator, and kept if it is still the same.
///
///     http::session api(http::cache::memory());
///     (co_await api.get(url)).from_cache();
///
/// Answers to GET are kept if they may be: Cache-Control, Expires, Vary and, without those, a tenth
/// of the time since Last-Modified. `stale-while-revalidate` and `stale-if-error` are heeded, and
/// so are a request's own `no-store`, `no-cache`, `max-age`, `max-stale`, `min-fresh` and
/// `only-if-cached` (504 if it is not there). A successful PUT, POST, PATCH or DELETE makes forget
/// what its URL had. Answers that belong to another Authorization are never given out. Requests
/// with a Range or conditions of their own go past the cache. As CacheControl and hishel.
namespace cache {

/// One answer, as it came: coded if it is, without the fields of its connection and Set-Cookie.
class entry {
public:
    entry() = default;

    std::string url;
    std::vector<std::string> vary;  ///< the fields of the request that chose the answer
    std::string variant;            ///< a digest of their values
    int status = 200;
    std::string reason;
    http::headers headers;
    buffer body;
    timestamp requested;  ///< when the request was sent
    timestamp received;   ///< when the head of the answer was there
};

/// Where entries are kept. Thread-safety: every member may be called from any thread.
class store {
public:
    virtual ~store() = default;

    /// All entries of a URL.
    virtual std::vector<entry> find(const std::string& url) = 0;
    /// Puts it in the place of the entry with the same URL and variant.
    virtual void put(entry one) = 0;
    virtual void erase(const std::string& url) = 0;
    virtual void clear() = 0;

    /// The largest body that is kept.
    virtual std::uint64_t max_body_bytes() const noexcept = 0;
    /// Whether the members wait for a disk: they are then called on a thread of the pool.
    virtual bool blocks() const noexcept = 0;
};

/// The option of a session that gives it a cache. Sessions may share one store.
class option {
public:
    explicit option(std::shared_ptr<store> in) : store_(std::move(in)) {}

    const std::shared_ptr<cache::store>& in() const noexcept { return store_; }
    void apply_to(session_options& to) const;

private:
    std::shared_ptr<cache::store> store_;
};
static_assert(awaitable_argument<option>);

/// Kept in memory; beyond `max_bytes` what was used longest ago goes first.
option memory(std::uint64_t max_bytes = std::uint64_t{64} * 1024 * 1024);

/// Kept in a SQLite file that only its owner may read; the same limit holds.
/// \throws sqlite::error  the file cannot be opened.
option sqlite(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 30U);

}  // namespace cache
}  // namespace ferry::http

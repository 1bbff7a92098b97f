#pragma once

#include "ferry/core/time.hpp"
#include "ferry/http/cache.hpp"
#include "ferry/http/headers.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The decisions of RFC 9111, for a private cache. Pure: no store, no clock.
namespace ferry::http::detail {

/// Section 3: whether the answer to a GET with these fields may be kept, and is worth it.
bool may_store(const headers& request, int status, const headers& response);

/// Section 4.2.1; 0 if the answer must be validated at once.
std::chrono::seconds freshness_lifetime(const cache::entry& e);

/// Section 4.2.3.
std::chrono::seconds current_age(const cache::entry& e, timestamp now);

enum class reuse {
    fresh,             ///< give it out
    while_validating,  ///< give it out, and ask whether it is still right meanwhile
    validate,          ///< ask first
    never,             ///< the request wants no stored answer
};

/// Section 4.2 and the request's Cache-Control.
reuse plan_reuse(const cache::entry& e, const headers& request, timestamp now);

/// RFC 5861 section 4: whether it may stand in for an answer that failed.
bool may_stand_in(const cache::entry& e, const headers& request, timestamp now);

/// Section 4.1: the digest of the request's fields that `vary` names, and of its Authorization.
std::string variant_of(const std::vector<std::string>& vary, const headers& request);

/// The names in Vary, in lower case; nothing if it holds `*`.
std::optional<std::vector<std::string>> vary_of(const headers& response);

/// Makes a request conditional on the entry. False: it has no validator.
bool add_conditions(const cache::entry& e, headers& to);

/// Section 4.3.4: the entry after a 304. False: that belongs to another one.
bool refresh(cache::entry& e, const headers& not_modified, timestamp requested, timestamp received);

/// What is kept of a response's fields.
headers storable_fields(const headers& response);

/// Whether the request has to go past the cache: a Range or conditions of its own, `no-store`.
bool goes_past(const headers& request);

}  // namespace ferry::http::detail

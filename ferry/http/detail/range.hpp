#pragma once

#include "ferry/core/time.hpp"
#include "ferry/http/headers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Ranges and conditions (RFC 9110 sections 13 and 14): decisions without files.
namespace ferry::http::detail {

struct byte_range {
    std::uint64_t first;
    std::uint64_t size;

    friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// What a Range header asks of a representation of `size` bytes.
struct range_request {
    enum class answer { whole, parts, unsatisfiable };

    answer kind = answer::whole;
    std::vector<byte_range> ranges;  ///< of `parts`: inside the representation, in the order asked
};

/// A malformed header, another unit and more than 16 ranges, or ranges that overlap, are answered
/// with the whole representation.
range_request parse_range(std::string_view header, std::uint64_t size);

/// What identifies a representation.
struct validators {
    std::string etag;  ///< with its quotes, and `W/` if weak
    timestamp modified;
};

enum class precondition { proceed, not_modified, failed };

/// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in their order of precedence
/// (section 13.2.2).
precondition check_preconditions(const headers& request, bool is_get_or_head,
                                 const validators& now);

/// Whether If-Range lets a Range count: an equal strong tag, or the exact date.
bool if_range_holds(const headers& request, const validators& now);

}  // namespace ferry::http::detail

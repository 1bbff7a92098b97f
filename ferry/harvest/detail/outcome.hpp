#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ferry::harvest::detail {

/// A link that the recipe follows: canonical and within its scope.
struct found_link {
    std::string url;
    std::uint16_t page = 0;  ///< index into recipe::pages
};

/// A record, ready to be written.
struct made_record {
    std::uint16_t record = 0;  ///< counts the records of all pages in the order of the recipe
    std::string line;          ///< one JSON object without line end
    std::string key;           ///< empty: the record has no key
};

/// What one attempt at one URL gave.
struct page_outcome {
    enum class kind : std::uint8_t {
        page,      ///< fetched and read
        redirect,  ///< `links` holds where to
        failed,    ///< `cause` says why
    };
    kind what = kind::failed;
    bool transient = false;   ///< failed in a way that a later attempt may not
    bool misencoded = false;  ///< text that is not in the encoding it claims
    int status = 0;           ///< HTTP; 0: no answer
    std::uint64_t bytes = 0;  ///< of the body, decompressed
    std::uint64_t wire_bytes = 0;
    std::string cause;   ///< what failures are grouped by: `timeout`, `http 404`
    std::string detail;  ///< the whole message
    std::chrono::milliseconds retry_after{0};  ///< what the server asked for
    std::string body_hash;                     ///< if bodies are compared
    std::vector<found_link> links;
    std::vector<made_record> records;
    /// For each field of each record of this page, in order: how many records have it.
    std::vector<std::uint32_t> filled;
    std::uint32_t missed = 0;          ///< records that were dropped for want of a required field
    std::vector<std::string> missing;  ///< those fields: `book.price`
};

}  // namespace ferry::harvest::detail

#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/transport.hpp"

#include <memory>
#include <string>

namespace ferry::http {

/// Writes every exchange of a session to a cassette: a text file with one JSON document a line,
/// appended when its body was read. What is secret in fields and parameters is written as `***`;
/// bodies are written as they are.
///
///     http::session api(http::record("tests/data/api.jsonl"));
///
/// \throws error  the file cannot be written to. As vcrpy's `record_mode=all`, and betamax.
class record {
public:
    explicit record(const std::string& file);
    void apply_to(session_options& to) const;

private:
    std::shared_ptr<exchange_observer> writer_;
};

/// Answers a session's requests from a cassette, without a network: each must be the next one in
/// it, by method and URL.
///
///     http::session api(http::replay("tests/data/api.jsonl"));
///
/// \throws error, parse_error  the file cannot be read, or is no cassette. A request that does not
///         fit fails. As vcrpy's `record_mode=none`.
class replay {
public:
    explicit replay(const std::string& file);

    /// In any order: a request gets the first answer, not used before, to the same method, URL and
    /// body; used up, the last of them again.
    replay& by_match();

    void apply_to(session_options& to) const;

private:
    class player;
    std::shared_ptr<player> player_;
};

static_assert(awaitable_argument<record> && awaitable_argument<replay>);

}  // namespace ferry::http

#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"
#include "ferry/http/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace ferry::http {

/// Keeps what a session does in the form that browsers' tools read: HAR 1.2. Secrets in fields and
/// parameters are shown as `***`.
///
///     http::har_log har;
///     http::session api(har);
///     ...
///     har.save("trace.har");
///
/// Copies are the same log; any thread may use it. The log is in memory, bodies of more than
/// `max_body` bytes are left out of it. As mitmproxy's and Playwright's HAR.
class har_log {
public:
    explicit har_log(std::size_t max_body = std::size_t{1} << 20U);

    /// Exchanges so far.
    std::size_t size() const;
    /// The whole document.
    value document() const;
    std::string text() const;
    /// \throws error  the file cannot be written.
    void save(const std::string& file) const;

    void apply_to(session_options& to) const;

private:
    class keeper;
    std::shared_ptr<keeper> keeper_;
};
static_assert(awaitable_argument<har_log>);

}  // namespace ferry::http

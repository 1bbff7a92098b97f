#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/headers.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where a redirect leads and what may go along: the decisions of RFC 9110 section 15.4 and of the
/// Fetch Standard, without a connection.
namespace ferry::http::detail {

struct redirect_step {
    url to;
    std::string method;
    bool keeps_body;
    bool same_origin;  ///< otherwise credentials stay behind
};

/// \return nothing if the response is not a redirect: another status, or no Location.
/// \throws error with errc::bad_url or errc::refused_redirect
std::optional<redirect_step> plan_redirect(int status, const headers& fields, const url& from,
                                           std::string_view method, bool allow_downgrade);

/// Keeps account of one request's redirects.
class redirect_chain {
public:
    explicit redirect_chain(int limit) noexcept : limit_(limit) {}

    /// \throws too_many_redirects  beyond the limit, or the third time at the same place.
    void visit(std::string_view method, const url& at);

private:
    int limit_;
    std::vector<std::string> visited_;
};

/// Header fields of the caller's own that are not for another origin.
bool is_sensitive(std::string_view name) noexcept;

}  // namespace ferry::http::detail

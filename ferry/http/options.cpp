#include "ferry/http/options.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

namespace ferry::http {

void headers::apply_to(request_options& to) const
{
    for (const auto [name, value] : *this) to.headers.add(name, value);
}

void timeout_option::apply_to(request_options& to) const
{
    timeout_option& t = to.timeouts;
    if (connect_) t.connect_ = connect_;
    if (tls_) t.tls_ = tls_;
    if (pool_) t.pool_ = pool_;
    if (read_) t.read_ = read_;
    if (write_) t.write_ = write_;
    if (total_) t.total_ = total_;
}

void cookies::add(std::string_view name, std::string_view value)
{
    if (!detail::is_token(name) || !detail::is_field_value(value) ||
        value.find(';') != std::string_view::npos) {
        throw error(errc::bad_header, fmt::format("cookie {:?} cannot be sent", name));
    }
    if (!text_.empty()) text_ += "; ";
    text_.append(name).append("=").append(value);
}

void cookies::apply_to(request_options& to) const
{
    if (!to.cookies.empty()) to.cookies += "; ";
    to.cookies += text_;
}

}  // namespace ferry::http

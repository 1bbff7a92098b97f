#include "ferry/http/request.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/status.hpp"

#include <utility>

namespace ferry::http {
namespace {

// Calls f(name, value) for each cookie until it returns false (RFC 6265 section 4.2.1).
template <class F>
void each_cookie(const headers& fields, F f)
{
    for (const header_field field : fields) {
        if (!detail::same(field.name, "Cookie")) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            const std::string_view one = detail::trim(rest.substr(0, end));
            rest.remove_prefix(end == rest.size() ? end : end + 1);
            const std::size_t equals = one.find('=');
            if (equals == std::string_view::npos) continue;
            std::string_view value = detail::trim(one.substr(equals + 1));
            if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
                value = value.substr(1, value.size() - 2);
            }
            if (!f(detail::trim(one.substr(0, equals)), value)) return;
        }
    }
}

}  // namespace

std::string_view request::path(std::string_view name) const
{
    for (const auto& [key, value] : parameters_) {
        if (key == name) return value;
    }
    throw lookup_error("path parameter " + std::string(name));
}

ferry::query_pairs request::form() const
{
    const media_type type(headers.get("Content-Type").value_or(""));
    if (type.essence() != "application/x-www-form-urlencoded") {
        throw problem(status::unsupported_media_type, "the body is not a form");
    }
    return ferry::query_pairs::parse(text());
}

std::optional<std::string_view> request::cookie(std::string_view name) const noexcept
{
    std::optional<std::string_view> found;
    each_cookie(headers, [&](std::string_view key, std::string_view value) {
        if (key == name) found = value;
        return !found;
    });
    return found;
}

std::vector<std::pair<std::string_view, std::string_view>> request::cookies() const
{
    std::vector<std::pair<std::string_view, std::string_view>> all;
    each_cookie(headers, [&](std::string_view key, std::string_view value) {
        all.emplace_back(key, value);
        return true;
    });
    return all;
}

awaitable<buffer> request::read()
{
    if (source_) co_return co_await source_->next();
    co_return std::exchange(content, buffer());
}

}  // namespace ferry::http

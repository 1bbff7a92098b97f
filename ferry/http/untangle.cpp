#include "ferry/http/untangle.hpp"

namespace ferry::untangle {

awaitable<object> parse_url(std::string url, http::request_options with)
{
    const http::response got = co_await http::get(std::move(url), with);
    got.raise_for_status();
    co_return parse(got.bytes(), got.charset());
}

}  // namespace ferry::untangle

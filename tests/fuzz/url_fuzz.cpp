#include "ferry/core/url.hpp"
#include "ferry/core/url_query.hpp"

#include <cstdint>
#include <cstdlib>

// The input is a base, a line end, a reference.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const std::size_t line = text.find('\n');
    const auto base = url::try_parse(text.substr(0, line));
    if (!base) return 0;
    if (url::try_parse(base->href()) != base) std::abort();
    const std::string_view reference = line == text.npos ? text : text.substr(line + 1);
    const auto resolved = base->try_resolve(reference);
    url into;
    if (base->resolve_into(reference, into) != resolved.has_value()) std::abort();
    if (!resolved) return 0;
    if (*resolved != into || url::try_parse(into.href()) != into) std::abort();
    into.set_path(reference);
    into.set_query(reference);
    into.set_port(static_cast<std::uint16_t>(size));
    into.set_credentials(reference, reference);
    into.set_fragment(std::nullopt);
    const auto again = url::try_parse(into.href());
    if (!again || again->path_and_query() != into.path_and_query()) std::abort();
    const auto pairs = query_pairs::parse(into.query());
    if (query_pairs::parse(pairs.to_string()) != pairs) std::abort();
    return 0;
}

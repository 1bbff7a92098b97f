// The first line is an expression, the rest a page. Whatever they are: a result, or an error of
// ferry's; and the path of every node that is found leads back to it.

#include "ferry/core/error.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/xpath.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace ferry;

void check_path(const xpath::node& n)
{
    const std::string path = xpath::getpath(n);
    const auto again = xpath::expression::compile(path, 1 << 14).evaluate(n.tree()).nodes();
    if (again.size() != 1 || again.front() != n) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line = input.find('\n');
    const std::string_view text = input.substr(0, line);
    const std::string_view page =
        line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
    try {
        const auto expression = xpath::expression::compile(text);
        const html::document document = html::parse(page);
        const xpath::context with = xpath::context()
                                        .max_steps(200'000)
                                        .max_string_bytes(1 << 16)
                                        .ns("s", "http://www.w3.org/2000/svg")
                                        .variable("n", 2)
                                        .variable("t", "text");
        const xpath::result r = expression.evaluate(document.tree(), with);
        (void)r.to_string();
        if (!r.is_nodes()) return 0;
        constexpr std::size_t checked = 4;
        for (std::size_t i = 0; i < r.size() && i < checked; ++i) check_path(r.nodes()[i]);
        for (std::size_t i = 1; i < r.size(); ++i) {
            if (!(r.nodes()[i - 1] < r.nodes()[i])) std::abort();
        }
    } catch (const error&) {
    }
    return 0;
}

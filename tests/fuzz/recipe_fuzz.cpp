#include "ferry/harvest/recipe.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any text is a recipe or a recipe_error with places, never anything else.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const auto read = harvest::recipe::parse(text, "fuzz.toml");
        if (harvest::explain(read).empty()) __builtin_trap();
    } catch (const harvest::recipe_error& e) {
        if (e.problems().empty() || e.problems().size() > 50) __builtin_trap();
        for (const auto& p : e.problems()) {
            if (p.line == 0 || p.column == 0 || p.message.empty()) __builtin_trap();
        }
    } catch (const limit_error&) {
    }
    return 0;
}

// Any text is documents or an error. What is read is written and read again to the same.

#include "ferry/core/error.hpp"
#include "ferry/formats/yaml.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto with = yaml::load_options().max_expanded(10'000).max_depth(64).lone_surrogates();
        for (const value& v : yaml::load_all(text, with)) {
            const auto as =
                yaml::dump_options().default_flow_style(size % 2 == 0).allow_unicode(size % 3 == 0);
            const std::string written = yaml::dump(v, as);
            if (yaml::dump(yaml::load(written, yaml::load_options().lone_surrogates()), as) !=
                written)
                std::abort();
        }
    } catch (const error&) {
    }
    return 0;
}

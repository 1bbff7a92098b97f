// Any bytes are a pickle or an error. What becomes a value is written and read again to the same.

#include "ferry/core/error.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/formats/pickle_document.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const auto input = std::as_bytes(std::span{data, size});
    try {
        (void)pickle::disassemble(input);
    } catch (const error&) {
    }
    try {
        (void)pickle::scan(input);
    } catch (const error&) {
    }
    try {
        const auto with = pickle::load_options()
                              .max_nodes(100'000)
                              .max_expanded(100'000)
                              .max_memo(100'000)
                              .encoding(pickle::text_encoding::latin1)
                              .lone_surrogates()
                              .describe_objects(size % 2 == 0);
        const value first = pickle::load(input, with);
        for (int protocol = 2; protocol <= 5; ++protocol) {
            bytes written;
            try {
                written = pickle::dump(first, pickle::dump_options().protocol(protocol));
            } catch (const type_error&) {
                continue;  // a list within a set, as an object's description
            }
            const value second = pickle::load(written, pickle::load_options().lone_surrogates());
            const bytes again = pickle::dump(second, pickle::dump_options().protocol(protocol));
            if (again != written) std::abort();
        }
    } catch (const error&) {
    }
    return 0;
}

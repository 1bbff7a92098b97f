#include "ferry/amqp/detail/frame.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/amqp/properties.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

// Frames, the table of a first method's arguments, and the properties of a content header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::amqp;
    std::string_view in(reinterpret_cast<const char*>(data), size);
    try {
        while (const auto f = detail::next_frame(in, detail::frame_max_size)) {
            in.remove_prefix(f->size());
            if (f->type == detail::frame_header && f->payload.size() >= 12) {
                const auto read = properties::parse(f->payload.substr(12));
                // What was read can be sent, and is read as the same again.
                std::string once;
                read.append_to(once);
                std::string twice;
                properties::parse(once).append_to(twice);
                if (once != twice) std::abort();
            }
            if (f->type != detail::frame_method) continue;
            try {
                detail::wire_reader r(f->payload);
                r.u32();
                const ferry::value table = r.table();
                std::string out;
                detail::wire_writer(out).table(table);
            } catch (const ferry::error&) {
            }
        }
    } catch (const ferry::error&) {
    }
    return 0;
}

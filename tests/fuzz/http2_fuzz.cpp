// The client's side of HTTP/2: frames in pieces whose size comes from the input too, answers to
// two requests, read as they come.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/http2_machine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace ferry;
using namespace ferry::http::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto input = std::as_bytes(std::span(data, size));
    const std::size_t step = input.empty() ? 1 : 1 + data[0] % 64;
    try {
        codec_limits limits;
        limits.head_bytes = 4096;
        limits.head_fields = 32;
        http2_machine machine(limits);
        const std::vector<http2_machine::field> head = {
            {":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
        const std::array streams = {std::make_shared<http2_stream>(),
                                    std::make_shared<http2_stream>()};
        streams[0]->outgoing.push_back(buffer::copy("body"));
        streams[0]->outgoing_bytes = 4;
        streams[0]->outgoing_ended = true;
        machine.submit(streams[0], head, true);
        machine.submit(streams[1], head, true);
        std::string out;
        std::array<std::byte, 100> read;
        while (!input.empty() && machine.listens()) {
            out.clear();
            machine.send(out, 1 << 16);
            const std::size_t n = std::min(step, input.size());
            machine.receive(input.first(n));
            input = input.subspan(n);
            for (const auto& s : streams) machine.consumed(*s, s->take(read));
        }
        machine.abandon(*streams[1]);
        out.clear();
        machine.send(out, 1 << 16);
    } catch (const error&) {
    }
    return 0;
}

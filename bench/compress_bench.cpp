// Compression of a megabyte of text by ferry's streaming interface, beside the libraries under it
// called directly, in one step.
#include "ferry/compress/compress.hpp"
#include "ferry/core/bytes.hpp"

#include "bench/bench.hpp"
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace ferry::bench {
namespace {

// English-like text: words of a small vocabulary, from a generator with a fixed seed.
std::string make_text(std::size_t size)
{
    std::string text;
    unsigned state = 12345;
    while (text.size() < size) {
        state = state * 1103515245U + 12345U;
        const unsigned word = state >> 20U;
        for (unsigned i = 0; i < 3 + word % 7; ++i) {
            text += static_cast<char>('a' + (word * (i + 3)) % 26U);
        }
        text += word % 11 == 0 ? ".\n" : " ";
    }
    text.resize(size);
    return text;
}

void require(bool good)
{
    if (!good) std::abort();
}

double zlib_deflate(const std::string& text, std::vector<Bytef>& out)
{
    auto size = static_cast<uLongf>(out.size());
    require(::compress2(out.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
                        static_cast<uLong>(text.size()), 6) == Z_OK);
    return 1;
}

double zlib_inflate(const std::vector<Bytef>& packed, std::size_t packed_size,
                    std::vector<Bytef>& out)
{
    auto size = static_cast<uLongf>(out.size());
    require(::uncompress(out.data(), &size, packed.data(), static_cast<uLong>(packed_size)) ==
            Z_OK);
    return 1;
}

double zstd_pack(const std::string& text, std::vector<char>& out)
{
    require(!::ZSTD_isError(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3)));
    return 1;
}

double zstd_unpack(const std::vector<char>& packed, std::size_t packed_size, std::vector<char>& out)
{
    require(!::ZSTD_isError(::ZSTD_decompress(out.data(), out.size(), packed.data(), packed_size)));
    return 1;
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry;
    using namespace ferry::bench;
    const std::string text = make_text(1 << 20);
    const auto raw = as_bytes(text);
    const rate_unit unit{"MB/s", static_cast<double>(text.size()) / 1e6};

    std::vector<Bytef> deflated(::compressBound(static_cast<uLong>(text.size())));
    std::vector<Bytef> inflated(text.size());
    auto deflated_size = static_cast<uLongf>(deflated.size());
    require(::compress2(deflated.data(), &deflated_size,
                        reinterpret_cast<const Bytef*>(text.data()),
                        static_cast<uLong>(text.size()), 6) == Z_OK);
    std::vector<char> zstd(::ZSTD_compressBound(text.size()));
    std::vector<char> unzstd(text.size());
    const std::size_t zstd_size =
        ::ZSTD_compress(zstd.data(), zstd.size(), text.data(), text.size(), 3);

    const bytes gzip = compress::gzip(raw);
    const bytes zst = compress::zstd(raw);
    compare("compress", "gzip", unit,
            {{"ferry", [&] { return compress::gzip(raw).empty() ? 0.0 : 1.0; }},
             {"zlib", [&] { return zlib_deflate(text, deflated); }}});
    compare("compress", "gunzip", unit,
            {{"ferry", [&] { return compress::expand(gzip).empty() ? 0.0 : 1.0; }},
             {"zlib", [&] { return zlib_inflate(deflated, deflated_size, inflated); }}});
    compare("compress", "zstd", unit,
            {{"ferry", [&] { return compress::zstd(raw).empty() ? 0.0 : 1.0; }},
             {"libzstd", [&] { return zstd_pack(text, zstd); }}});
    compare("compress", "unzstd", unit,
            {{"ferry", [&] { return compress::expand(zst).empty() ? 0.0 : 1.0; }},
             {"libzstd", [&] { return zstd_unpack(zstd, zstd_size, unzstd); }}});
}

#pragma once

/// \file
/// Compression: gzip, deflate, zstd, brotli, bzip2 and xz behind one interface, for whole contents
/// and for streams.
///
///     bytes small = compress::gzip(as_bytes(text));
///     bytes again = compress::expand(small);              // the codec is recognised
#include "ferry/compress/codec.hpp"
#include "ferry/compress/decoder.hpp"
#include "ferry/compress/encoder.hpp"

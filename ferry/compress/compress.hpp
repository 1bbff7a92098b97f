#pragma once

/// \file
/// One interface over gzip, deflate, brotli and zstd.

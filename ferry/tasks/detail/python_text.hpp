#pragma once

#include "ferry/core/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// How Python's repr writes texts, bytes and times.
namespace ferry::tasks::detail {

/// `'it\n'`, `"it's"`. A lone surrogate in WTF-8 is `\ud800`, a byte that belongs to no character
/// `\xff`; so the end of `to` is always UTF-8.
void append_quoted(std::string& to, std::string_view text);

/// `b'\x00a'`.
void append_quoted(std::string& to, std::span<const std::byte> data);

/// `datetime.datetime(2020, 1, 2, 12, 30, tzinfo=datetime.timezone.utc)`
void append_time(std::string& to, const iso8601::zoned_time& t);

/// Two digits for each byte.
void append_hex(std::string& to, std::span<const std::byte> data);

}  // namespace ferry::tasks::detail

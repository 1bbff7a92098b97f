#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/reply.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

enum class list_end : unsigned char { left, right };

inline std::string_view name_of(list_end e) noexcept
{
    return e == list_end::left ? "LEFT" : "RIGHT";
}

using scored_members = std::vector<std::pair<std::string, double>>;

/// An entry of a stream: its id, and its fields in their order.
class stream_entry {
public:
    stream_entry() = default;
    stream_entry(std::string id, std::vector<std::pair<std::string, std::string>> fields)
        : id_{std::move(id)}, fields_{std::move(fields)}
    {
    }
    const std::string& id() const noexcept { return id_; }
    const std::vector<std::pair<std::string, std::string>>& fields() const noexcept
    {
        return fields_;
    }
    static stream_entry from_reply(reply r);

    /// The first field of this name; empty if there is none.
    std::string_view operator[](std::string_view field) const noexcept;

private:
    std::string id_;
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// How SET sets: `set("k", "v", redis::set_options().ex(10s).nx())`.
class set_options {
public:
    set_options() = default;

    set_options& ex(std::chrono::milliseconds life)
    {
        return life_ = life, *this;
    }  ///< lives so long
    set_options& nx() { return nx_ = true, *this; }            ///< only if the key does not exist
    set_options& xx() { return xx_ = true, *this; }            ///< only if it exists
    set_options& keepttl() { return keepttl_ = true, *this; }  ///< the life it has

    bool is_repeatable() const noexcept { return !nx_ && !xx_; }
    void append_to(command& c) const;

private:
    std::optional<std::chrono::milliseconds> life_;
    bool nx_ = false;
    bool xx_ = false;
    bool keepttl_ = false;
};

/// How ZADD adds.
class zadd_options {
public:
    zadd_options() = default;

    zadd_options& nx() { return nx_ = true, *this; }  ///< new members only
    zadd_options& xx() { return xx_ = true, *this; }  ///< known members only
    zadd_options& gt() { return gt_ = true, *this; }  ///< scores only grow
    zadd_options& lt() { return lt_ = true, *this; }  ///< scores only shrink
    zadd_options& ch() { return ch_ = true, *this; }  ///< the answer counts changed members too

    void append_to(command& c) const;

private:
    bool nx_ = false;
    bool xx_ = false;
    bool gt_ = false;
    bool lt_ = false;
    bool ch_ = false;
};

/// How XADD adds.
class xadd_options {
public:
    xadd_options() = default;

    xadd_options& id(std::string text) { return id_ = std::move(text), *this; }  ///< the server's
    /// Keeps about so many entries, the oldest go.
    xadd_options& maxlen(std::int64_t n) { return maxlen_ = n, *this; }
    xadd_options& nomkstream() { return nomkstream_ = true, *this; }

    void append_to(command& c) const;

private:
    std::string id_ = "*";
    std::optional<std::int64_t> maxlen_;
    bool nomkstream_ = false;
};

}  // namespace ferry::redis

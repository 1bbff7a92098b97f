#include "ferry/core/utf8.hpp"
#include "ferry/formats/detail/msgpack_head.hpp"
#include "ferry/formats/msgpack.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string>
#include <vector>

namespace ferry::msgpack {

using detail::head;
using detail::kind;

class parser {
public:
    parser(std::span<const std::byte> data, const load_options& options)
        : data_{as_text(data)}, options_{options}
    {
    }

    prefix run()
    {
        read();
        while (!levels_.empty()) {
            level& top = levels_.back();
            if (top.left == 0) {
                close();
            } else {
                --top.left;
                read();
            }
        }
        return {build_.finish(), at_};
    }

private:
    struct level {
        std::uint64_t left;  ///< items
        std::size_t mark;
        std::size_t start;
        bool is_map;
        bool key_made_text = false;
    };

    [[noreturn]] void fail(ferry::errc code, std::string_view what) const
    {
        throw parse_error{make_error_code(code), "msgpack: " + std::string{what},
                          text_position{at_, 0, 0}};
    }

    void read()
    {
        const auto found = detail::read_head(data_.substr(at_));
        if (!found) fail(ferry::errc::truncated, "it ends too early");
        const head& h = *found;
        const std::size_t left = data_.size() - at_ - h.size;
        // An item has at least one byte.
        if (h.payload() > left || h.items() > left) {
            fail(ferry::errc::truncated, "it ends too early");
        }
        const bool is_key =
            !levels_.empty() && levels_.back().is_map && levels_.back().left % 2 == 1;
        if (is_key && h.kind != kind::text) {
            key(h);
        } else {
            const auto payload = data_.substr(at_ + h.size, static_cast<std::size_t>(h.payload()));
            item(h, payload, is_key);
        }
        at_ += h.size + static_cast<std::size_t>(h.payload());
    }

    void item(const head& h, std::string_view payload, bool is_key)
    {
        switch (h.kind) {
            case kind::invalid: fail(ferry::errc::malformed, "the byte c1 has no meaning");
            case kind::null: return build_.null();
            case kind::boolean: return build_.boolean(h.number != 0);
            case kind::positive: return build_.unsigned_integer(h.number);
            case kind::negative: return build_.integer(static_cast<std::int64_t>(h.number));
            case kind::single:
            case kind::real: return build_.real(real(h));
            case kind::text: return text(payload, is_key);
            case kind::binary: return build_.binary(as_bytes(payload));
            case kind::array:
            case kind::map: return open(h);
            case kind::extension: return extension(h.type, payload);
        }
    }

    static double real(const head& h)
    {
        return h.kind == kind::single ? std::bit_cast<float>(static_cast<std::uint32_t>(h.number))
                                      : std::bit_cast<double>(h.number);
    }

    void text(std::string_view t, bool is_key)
    {
        if (!utf8::valid(t)) {
            if (!options_.raw_ || is_key) fail(ferry::errc::malformed, "a text is not UTF-8");
            return build_.binary(as_bytes(t));
        }
        build_.string(t);
    }

    void key(const head& h)
    {
        if (!options_.any_key_) throw type_error{path(), "a text as key", "another kind"};
        levels_.back().key_made_text = true;
        switch (h.kind) {
            case kind::null: return build_.string("null");
            case kind::boolean: return build_.string(h.number != 0 ? "true" : "false");
            case kind::positive: return build_.string(std::to_string(h.number));
            case kind::negative:
                return build_.string(std::to_string(static_cast<std::int64_t>(h.number)));
            case kind::single:
            case kind::real: return build_.string(value{real(h)}.to<std::string>());
            default: throw type_error{path(), "a text or a number as key", "another kind"};
        }
    }

    /// Of the container on top.
    std::string path() const { return "$ at byte " + std::to_string(levels_.back().start); }

    void open(const head& h)
    {
        if (levels_.size() >= options_.max_depth_) {
            throw limit_error{"max_depth", options_.max_depth_};
        }
        // Until it closes; the keys are where an odd number is left.
        level opened{h.items(), build_.mark(), at_, h.kind == kind::map};
        levels_.push_back(opened);
    }

    void close()
    {
        const level done = levels_.back();
        if (!done.is_map) {
            build_.array(done.mark);
        } else {
            const auto policy = done.key_made_text ? duplicate_keys::error : options_.duplicates_;
            if (build_.object(done.mark, policy)) {
                throw type_error{path(), "different keys", "the same key twice"};
            }
        }
        levels_.pop_back();
    }

    void extension(std::int8_t type, std::string_view data)
    {
        if (type == -1) return timestamp_of(data);
        const std::size_t mark = build_.mark();
        build_.integer(type);
        build_.binary(as_bytes(data));
        build_.array(mark, value_kind::tuple);
    }

    void timestamp_of(std::string_view data)
    {
        const auto big_endian = [](std::string_view raw) {
            std::uint64_t n = 0;
            for (const char c : raw) n = n << 8U | static_cast<std::uint8_t>(c);
            return n;
        };
        std::int64_t seconds = 0;
        std::uint64_t nanoseconds = 0;
        if (data.size() == 4) {
            seconds = static_cast<std::int64_t>(big_endian(data));
        } else if (data.size() == 8) {
            const std::uint64_t both = big_endian(data);
            nanoseconds = both >> 34U;
            seconds = static_cast<std::int64_t>(both & 0x3'ffff'ffffU);
        } else if (data.size() == 12) {
            nanoseconds = big_endian(data.substr(0, 4));
            seconds = static_cast<std::int64_t>(big_endian(data.substr(4)));
        } else {
            fail(ferry::errc::malformed, "a timestamp has an odd length");
        }
        // The years 1 to 9999.
        constexpr std::int64_t first = -62'135'596'800;
        constexpr std::int64_t last = 253'402'300'799;
        if (nanoseconds > 999'999'999 || seconds < first || seconds > last) {
            fail(ferry::errc::out_of_range, "a timestamp is not a time of the years 1 to 9999");
        }
        const auto micros = seconds * 1'000'000 + static_cast<std::int64_t>(nanoseconds / 1000);
        build_.time({timestamp{std::chrono::microseconds{micros}}, std::chrono::seconds{0}});
    }

    std::string_view data_;
    const load_options& options_;
    std::size_t at_ = 0;
    value_builder build_;
    std::vector<level> levels_;
};

prefix load_prefix(std::span<const std::byte> data, const load_options& options)
{
    return parser{data, options}.run();
}

value load(std::span<const std::byte> data, const load_options& options)
{
    prefix read = load_prefix(data, options);
    if (read.consumed != data.size()) {
        throw parse_error{make_error_code(ferry::errc::malformed),
                          "msgpack: something follows the value",
                          text_position{read.consumed, 0, 0}};
    }
    return std::move(read.loaded);
}

unpacker::unpacker(load_options options, std::size_t max_buffer)
    : options_{std::move(options)}, max_buffer_{max_buffer}
{
}

void unpacker::feed(std::span<const std::byte> piece)
{
    if (start_ != 0) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
        scanned_ -= start_;
        start_ = 0;
    }
    if (piece.size() > max_buffer_ - std::min(max_buffer_, buffer_.size())) {
        throw limit_error{"max_buffer", max_buffer_};
    }
    append(buffer_, piece);
}

std::optional<value> unpacker::next()
{
    const std::string_view all = as_text(buffer_);
    while (missing_ != 0) {
        const auto h = detail::read_head(all.substr(scanned_));
        if (!h) return std::nullopt;
        if (h->payload() > max_buffer_ || h->items() > max_buffer_) {
            throw limit_error{"max_buffer", max_buffer_};
        }
        if (h->payload() > all.size() - scanned_ - h->size) return std::nullopt;
        scanned_ += h->size + static_cast<std::size_t>(h->payload());
        missing_ += h->items() - 1;
    }
    const auto whole = std::span{buffer_}.subspan(start_, scanned_ - start_);
    value made = load(whole, options_);
    start_ = scanned_;
    missing_ = 1;
    return made;
}

}  // namespace ferry::msgpack

#include "ferry/formats/msgpack.hpp"

#include <bit>
#include <chrono>
#include <string_view>
#include <vector>

namespace ferry::msgpack {

class dumper {
public:
    explicit dumper(const dump_options& options) : options_{options} {}

    bytes run(const value& v)
    {
        write(v);
        while (!levels_.empty()) {
            level& top = levels_.back();
            if (top.next == top.end) {
                levels_.pop_back();
            } else {
                write(*top.next++);
            }
        }
        return std::move(out_);
    }

private:
    /// Keys and values of an object follow one another as the elements of an array do.
    struct level {
        const value* next;
        const value* end;
    };

    void put(unsigned b) { out_.push_back(static_cast<std::byte>(b)); }
    void big_endian(std::uint64_t n, std::size_t width)
    {
        for (std::size_t i = width; i-- > 0;) put(static_cast<unsigned>(n >> (8 * i) & 0xffU));
    }
    /// The head with the smallest of the lengths that there are: `small` with up to `most` in it,
    /// or a byte of its own for 8, 16 and 32 bits, of which 0 says that there is none.
    void sized(std::size_t count, unsigned small, std::size_t most, unsigned h8, unsigned h16)
    {
        if (count < most) return put(small | static_cast<unsigned>(count));
        if (h8 != 0 && count <= 0xff) {
            put(h8);
            big_endian(count, 1);
        } else if (count <= 0xffff) {
            put(h16);
            big_endian(count, 2);
        } else if (count <= 0xffff'ffff) {
            put(h16 + 1);
            big_endian(count, 4);
        } else {
            throw limit_error{"max_elements", 0xffff'ffff};
        }
    }

    void text(std::string_view t)
    {
        sized(t.size(), 0xa0, 32, 0xd9, 0xda);
        append(out_, t);
    }

    void positive(std::uint64_t n)
    {
        if (n < 0x80) return put(static_cast<unsigned>(n));
        const unsigned step = n <= 0xff ? 0 : n <= 0xffff ? 1 : n <= 0xffff'ffff ? 2 : 3;
        put(0xcc + step);
        big_endian(n, std::size_t{1} << step);
    }
    void integer(const value& v)
    {
        if (v.is_big()) {
            const auto n = v.as<big_integer>().to_uint64();
            if (!n) throw range_error{"$", v.to<std::string>(), "64 bits"};
            return positive(*n);
        }
        const auto n = v.as<std::int64_t>();
        if (n >= 0) return positive(static_cast<std::uint64_t>(n));
        if (n >= -32) return put(static_cast<unsigned>(n & 0xff));
        const unsigned step = n >= INT8_MIN ? 0 : n >= INT16_MIN ? 1 : n >= INT32_MIN ? 2 : 3;
        put(0xd0 + step);
        big_endian(static_cast<std::uint64_t>(n), std::size_t{1} << step);
    }

    void time(const zoned_time& t)
    {
        using namespace std::chrono;
        if (!t.offset && !options_.naive_) {
            throw type_error{"$", "a timestamp with an offset", "one without"};
        }
        const auto whole = floor<seconds>(t.utc);
        const auto nanoseconds = static_cast<std::uint64_t>((t.utc - whole).count()) * 1000;
        const std::int64_t s = whole.time_since_epoch().count();
        if (s < 0 || s >> 34U != 0) {
            put(0xc7);
            put(12);
            put(0xff);
            big_endian(nanoseconds, 4);
            big_endian(static_cast<std::uint64_t>(s), 8);
        } else if (nanoseconds == 0 && s <= 0xffff'ffff) {
            put(0xd6);
            put(0xff);
            big_endian(static_cast<std::uint64_t>(s), 4);
        } else {
            put(0xd7);
            put(0xff);
            big_endian(nanoseconds << 34U | static_cast<std::uint64_t>(s), 8);
        }
    }

    void write(const value& v)
    {
        switch (v.kind()) {
            case value_kind::null: return put(0xc0);
            case value_kind::boolean: return put(v.as<bool>() ? 0xc3 : 0xc2);
            case value_kind::integer: return integer(v);
            case value_kind::real:
                if (options_.single_) {
                    put(0xca);
                    return big_endian(std::bit_cast<std::uint32_t>(v.as<float>()), 4);
                }
                put(0xcb);
                return big_endian(std::bit_cast<std::uint64_t>(v.as<double>()), 8);
            case value_kind::decimal: return text(v.to<std::string>());
            case value_kind::string: return text(v.as<std::string_view>());
            case value_kind::binary: {
                const auto data = v.as<std::span<const std::byte>>();
                sized(data.size(), 0, 0, 0xc4, 0xc5);
                return append(out_, data);
            }
            case value_kind::datetime: return time(v.as<zoned_time>());
            case value_kind::object:
                sized(v.size(), 0x80, 16, 0, 0xde);
                if (!v.empty()) {
                    const value* const first = &(*v.items().begin()).second - 1;
                    levels_.push_back({first, first + 2 * v.size()});
                }
                return;
            case value_kind::array:
            case value_kind::tuple:
            case value_kind::set:
                sized(v.size(), 0x90, 16, 0, 0xdc);
                levels_.push_back({v.begin(), v.end()});
        }
    }

    const dump_options& options_;
    bytes out_;
    std::vector<level> levels_;
};

bytes dump(const value& v, const dump_options& options)
{
    return dumper{options}.run(v);
}

}  // namespace ferry::msgpack

#include "ferry/formats/detail/pickle_machine.hpp"
#include "ferry/formats/detail/pickle_opcode.hpp"
#include "ferry/formats/pickle_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

namespace ferry::pickle {
namespace {

/// What follows an opcode.
enum class argument : std::uint8_t {
    none,
    u1,
    u2,
    u4,
    u8,
    i4,
    real,
    line,
    two_lines,
    bytes1,
    bytes4,
    bytes8,
};

struct opcode_info {
    std::uint8_t code;
    std::string_view name;
    argument takes;
};

using enum argument;
namespace op = detail::op;

constexpr auto opcodes = std::to_array<opcode_info>({
    {op::mark, "MARK", none},
    {op::stop, "STOP", none},
    {op::pop, "POP", none},
    {op::pop_mark, "POP_MARK", none},
    {op::dup, "DUP", none},
    {op::float_, "FLOAT", line},
    {op::integer, "INT", line},
    {op::binint, "BININT", i4},
    {op::binint1, "BININT1", u1},
    {op::long_, "LONG", line},
    {op::binint2, "BININT2", u2},
    {op::none, "NONE", none},
    {op::persid, "PERSID", line},
    {op::binpersid, "BINPERSID", none},
    {op::reduce, "REDUCE", none},
    {op::string, "STRING", line},
    {op::binstring, "BINSTRING", bytes4},
    {op::short_binstring, "SHORT_BINSTRING", bytes1},
    {op::unicode, "UNICODE", line},
    {op::binunicode, "BINUNICODE", bytes4},
    {op::append, "APPEND", none},
    {op::build, "BUILD", none},
    {op::global, "GLOBAL", two_lines},
    {op::dict, "DICT", none},
    {op::empty_dict, "EMPTY_DICT", none},
    {op::appends, "APPENDS", none},
    {op::get, "GET", line},
    {op::binget, "BINGET", u1},
    {op::inst, "INST", two_lines},
    {op::long_binget, "LONG_BINGET", u4},
    {op::list, "LIST", none},
    {op::empty_list, "EMPTY_LIST", none},
    {op::obj, "OBJ", none},
    {op::put, "PUT", line},
    {op::binput, "BINPUT", u1},
    {op::long_binput, "LONG_BINPUT", u4},
    {op::setitem, "SETITEM", none},
    {op::tuple, "TUPLE", none},
    {op::empty_tuple, "EMPTY_TUPLE", none},
    {op::setitems, "SETITEMS", none},
    {op::binfloat, "BINFLOAT", real},
    {op::proto, "PROTO", u1},
    {op::newobj, "NEWOBJ", none},
    {op::ext1, "EXT1", u1},
    {op::ext2, "EXT2", u2},
    {op::ext4, "EXT4", i4},
    {op::tuple1, "TUPLE1", none},
    {op::tuple2, "TUPLE2", none},
    {op::tuple3, "TUPLE3", none},
    {op::newtrue, "NEWTRUE", none},
    {op::newfalse, "NEWFALSE", none},
    {op::long1, "LONG1", bytes1},
    {op::long4, "LONG4", bytes4},
    {op::binbytes, "BINBYTES", bytes4},
    {op::short_binbytes, "SHORT_BINBYTES", bytes1},
    {op::short_binunicode, "SHORT_BINUNICODE", bytes1},
    {op::binunicode8, "BINUNICODE8", bytes8},
    {op::binbytes8, "BINBYTES8", bytes8},
    {op::empty_set, "EMPTY_SET", none},
    {op::additems, "ADDITEMS", none},
    {op::frozenset, "FROZENSET", none},
    {op::newobj_ex, "NEWOBJ_EX", none},
    {op::stack_global, "STACK_GLOBAL", none},
    {op::memoize, "MEMOIZE", none},
    {op::frame, "FRAME", u8},
    {op::bytearray8, "BYTEARRAY8", bytes8},
    {op::next_buffer, "NEXT_BUFFER", none},
    {op::readonly_buffer, "READONLY_BUFFER", none},
});
static_assert(opcodes.size() == 68);

class lister {
public:
    explicit lister(std::string_view data) : data_{data} {}

    std::string run()
    {
        for (bool stopped = false; !stopped;) {
            start_ = at_;
            const auto code = static_cast<std::uint8_t>(take(1)[0]);
            const auto* const found = std::ranges::find(opcodes, code, &opcode_info::code);
            if (found == opcodes.end()) fail(errc::bad_opcode, "unknown opcode");
            fmt::format_to(std::back_inserter(out_), "{:>5}: {}", start_, found->name);
            show(found->takes);
            out_ += '\n';
            stopped = code == op::stop;
        }
        return std::move(out_);
    }

private:
    [[noreturn]] void fail(errc code, std::string_view what) const
    {
        throw parse_error{make_error_code(code), "pickle: " + std::string{what},
                          text_position{start_, 0, 0}};
    }
    std::string_view take(std::uint64_t count)
    {
        if (count > data_.size() - at_) fail(errc::truncated, "it ends too early");
        const auto taken = data_.substr(at_, static_cast<std::size_t>(count));
        at_ += taken.size();
        return taken;
    }
    std::string_view next_line()
    {
        const std::size_t end = data_.find('\n', at_);
        if (end == std::string_view::npos) fail(errc::truncated, "a line has no end");
        const auto taken = data_.substr(at_, end - at_);
        at_ = end + 1;
        return taken;
    }
    std::uint64_t little(std::size_t width)
    {
        const auto raw = take(width);
        std::uint64_t n = 0;
        for (std::size_t i = width; i-- > 0;) n = n << 8U | static_cast<std::uint8_t>(raw[i]);
        return n;
    }

    void number(auto n) { fmt::format_to(std::back_inserter(out_), " {}", n); }
    void text(std::string_view t)
    {
        constexpr std::size_t shown = 64;
        out_ += " '";
        for (const char c : t.substr(0, shown)) {
            const auto b = static_cast<unsigned char>(c);
            if (b >= 0x20 && b < 0x7f && c != '\'' && c != '\\') {
                out_ += c;
            } else {
                fmt::format_to(std::back_inserter(out_), "\\x{:02x}", b);
            }
        }
        out_ += '\'';
        if (t.size() > shown) fmt::format_to(std::back_inserter(out_), "... {} bytes", t.size());
    }
    void show(argument takes)
    {
        switch (takes) {
            case none: return;
            case u1: return number(little(1));
            case u2: return number(little(2));
            case u4: return number(little(4));
            case u8: return number(little(8));
            case i4: return number(static_cast<std::int32_t>(little(4)));
            case real: {
                std::uint64_t bits = 0;
                for (const char c : take(8)) bits = bits << 8U | static_cast<std::uint8_t>(c);
                return number(std::bit_cast<double>(bits));
            }
            case line: return text(next_line());
            case two_lines: text(next_line()); return text(next_line());
            case bytes1: return text(take(little(1)));
            case bytes4: return text(take(little(4)));
            case bytes8: return text(take(little(8)));
        }
    }

    std::string_view data_;
    std::size_t at_ = 0;
    std::size_t start_ = 0;
    std::string out_;
};

}  // namespace

std::string disassemble(std::span<const std::byte> data)
{
    return lister{as_text(data)}.run();
}

}  // namespace ferry::pickle

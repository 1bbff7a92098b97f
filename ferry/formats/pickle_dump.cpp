#include "ferry/formats/detail/pickle_machine.hpp"
#include "ferry/formats/detail/pickle_opcode.hpp"
#include "ferry/formats/pickle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ferry::pickle {

namespace op = detail::op;

dump_options& dump_options::protocol(int number)
{
    if (number < 2 || number > 5) {
        throw error{make_error_code(errc::bad_protocol),
                    "pickle: protocol " + std::to_string(number) + " is not written"};
    }
    protocol_ = number;
    return *this;
}

namespace {

constexpr std::size_t batch_size = 1000;        // of CPython
constexpr std::size_t frame_size = 64UL << 10;  // a frame ends at the first value behind it
constexpr std::size_t frame_head = 9;
constexpr std::size_t least_frame = 4;
constexpr std::size_t no_frame = SIZE_MAX;

/// The classes and functions that plain data needs; each is memoized.
enum class known : std::uint8_t {
    datetime,
    timezone,
    timedelta,
    decimal,
    set,
    frozenset,
    bytes,
    encode,
};

struct name {
    std::string_view module;
    std::string_view module2;  ///< as Python 2 calls it
    std::string_view name;
};

constexpr auto names = std::to_array<name>({
    {"datetime", "datetime", "datetime"},
    {"datetime", "datetime", "timezone"},
    {"datetime", "datetime", "timedelta"},
    {"decimal", "decimal", "Decimal"},
    {"builtins", "__builtin__", "set"},
    {"builtins", "__builtin__", "frozenset"},
    {"builtins", "__builtin__", "bytes"},
    {"_codecs", "_codecs", "encode"},
});

/// A container that is being written.
struct level {
    const value* next = nullptr;
    const value* end = nullptr;
    value_kind kind = value_kind::null;
    bool frozen = false;         ///< everything in it must be hashable
    bool itself_frozen = false;  ///< a set in a set
    bool in_batch = false;
    std::uint8_t add_one = 0;   ///< opcode that puts a single element in; 0: none
    std::uint8_t add_many = 0;  ///< opcode that puts a batch in; 0: all are taken at the end
    std::uint8_t add = 0;       ///< the one for this batch
    std::size_t batch_left = 0;
    std::size_t count = 0;
};

}  // namespace

class dumper {
public:
    explicit dumper(const dump_options& options) : options_{options} {}

    bytes run(const value& v)
    {
        put(op::proto);
        put(static_cast<std::uint8_t>(options_.protocol_));
        write(v, false);
        while (!levels_.empty()) step();
        open_frame();
        put(op::stop);
        close_frame();
        return std::move(out_);
    }

private:
    /// Frames, sets, short texts and memoize.
    bool modern() const noexcept { return options_.protocol_ >= 4; }

    void put(std::uint8_t b) { out_.push_back(std::byte{b}); }
    void put(std::string_view text) { append(out_, text); }
    template <class T>
    void little(T n, std::size_t width = sizeof(T))
    {
        for (std::size_t i = 0; i < width; ++i) {
            put(static_cast<std::uint8_t>(static_cast<std::uint64_t>(n) >> (8 * i)));
        }
    }

    void open_frame()
    {
        if (!modern() || frame_ != no_frame) return;
        frame_ = out_.size();
        out_.resize(frame_ + frame_head);
    }
    void close_frame()
    {
        if (frame_ == no_frame) return;
        const std::size_t size = out_.size() - frame_ - frame_head;
        if (size < least_frame) {
            out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(frame_),
                       out_.begin() + static_cast<std::ptrdiff_t>(frame_ + frame_head));
        } else {
            out_[frame_] = std::byte{op::frame};
            for (std::size_t i = 0; i < 8; ++i) {
                out_[frame_ + 1 + i] = static_cast<std::byte>(size >> (8 * i));
            }
        }
        frame_ = no_frame;
    }
    /// Where CPython's `save` looks at the frame: in front of every object.
    void boundary()
    {
        if (frame_ != no_frame && out_.size() - frame_ - frame_head >= frame_size) close_frame();
        open_frame();
    }

    std::uint32_t memoize()
    {
        if (modern()) {
            put(op::memoize);
        } else if (memo_ < 256) {
            put(op::binput);
            put(static_cast<std::uint8_t>(memo_));
        } else {
            put(op::long_binput);
            little(memo_);
        }
        return memo_++;
    }
    void get(std::uint32_t index)
    {
        if (index < 256) {
            put(op::binget);
            put(static_cast<std::uint8_t>(index));
        } else {
            put(op::long_binget);
            little(index);
        }
    }

    void sized(std::uint8_t op1, std::uint8_t op4, std::uint8_t op8, std::string_view data)
    {
        const bool large = modern() && data.size() >= frame_size;
        if (large) close_frame();
        if (op1 != 0 && data.size() < 256) {
            put(op1);
            put(static_cast<std::uint8_t>(data.size()));
        } else if (data.size() <= UINT32_MAX || op8 == 0) {
            put(op4);
            little(static_cast<std::uint32_t>(data.size()));
        } else {
            put(op8);
            little(data.size());
        }
        put(data);
        if (large) open_frame();
    }

    std::uint32_t text(std::string_view t)
    {
        if (detail::check_text(t) == detail::text_state::bad) {
            throw type_error{"$", "UTF-8", "malformed text"};
        }
        boundary();
        sized(modern() ? op::short_binunicode : 0, op::binunicode, modern() ? op::binunicode8 : 0,
              t);
        return memoize();
    }

    /// A text that is one object wherever it stands.
    void shared_text(std::string_view t)
    {
        const auto [found, added] = shared_.try_emplace(t, 0);
        if (added) {
            found->second = text(t);
        } else {
            boundary();
            get(found->second);
        }
    }

    void global(known k)
    {
        boundary();
        auto& place = globals_[static_cast<std::size_t>(k)];
        if (place) return get(*place);
        const name& n = names[static_cast<std::size_t>(k)];
        if (modern()) {
            shared_text(n.module);
            // A class makes its name anew each time it is asked.
            text(n.name);
            boundary();
            put(op::stack_global);
        } else {
            put(op::global);
            put(options_.protocol_ == 2 ? n.module2 : n.module);
            put("\n");
            put(n.name);
            put("\n");
        }
        place = memoize();
    }

    void tuple_of(std::size_t count)
    {
        put(static_cast<std::uint8_t>(op::tuple1 + count - 1));
        memoize();
    }
    void reduce()
    {
        put(op::reduce);
        memoize();
    }

    void integer(std::int64_t n)
    {
        if (n >= 0 && n <= 0xff) {
            put(op::binint1);
            put(static_cast<std::uint8_t>(n));
        } else if (n >= 0 && n <= 0xffff) {
            put(op::binint2);
            little(n, 2);
        } else if (n >= INT32_MIN && n <= INT32_MAX) {
            put(op::binint);
            little(n, 4);
        } else {
            std::size_t width = 5;
            while (width < 8 && (n >> (8 * width - 1)) != 0 && (n >> (8 * width - 1)) != -1) {
                ++width;
            }
            put(op::long1);
            put(static_cast<std::uint8_t>(width));
            little(n, width);
        }
    }
    void big(const big_integer& n)
    {
        const auto raw = n.to_bytes();
        if (raw.size() < 256) {
            put(op::long1);
            put(static_cast<std::uint8_t>(raw.size()));
        } else {
            put(op::long4);
            little(static_cast<std::uint32_t>(raw.size()));
        }
        append(out_, raw);
    }

    void real(double n)
    {
        put(op::binfloat);
        const auto bits = std::bit_cast<std::uint64_t>(n);
        for (std::size_t i = 8; i-- > 0;) put(static_cast<std::uint8_t>(bits >> (8 * i)));
    }

    void binary(std::string_view data)
    {
        if (options_.protocol_ >= 3) {
            boundary();
            sized(op::short_binbytes, op::binbytes, modern() ? op::binbytes8 : 0, data);
            memoize();
            return;
        }
        if (data.empty()) {
            global(known::bytes);
            put(op::empty_tuple);
        } else {
            global(known::encode);
            std::string latin1;
            for (const char c : data) {
                const auto b = static_cast<unsigned char>(c);
                if (b < 0x80) {
                    latin1 += c;
                } else {
                    latin1 += static_cast<char>(0xc0U | b >> 6U);
                    latin1 += static_cast<char>(0x80U | (b & 0x3fU));
                }
            }
            text(latin1);
            shared_text("latin1");
            tuple_of(2);
        }
        reduce();
    }

    void time(const zoned_time& t)
    {
        using namespace std::chrono;
        const std::int64_t offset = t.offset.value_or(seconds{0}).count();
        const auto local = t.utc + seconds{offset};
        const auto date = floor<days>(local);
        const year_month_day ymd{date};
        const hh_mm_ss clock{local - date};
        const auto y = static_cast<unsigned>(static_cast<int>(ymd.year()));
        const auto us = static_cast<std::uint32_t>(clock.subseconds().count());
        const std::array<unsigned, 10> raw{y >> 8U,
                                           y,
                                           static_cast<unsigned>(ymd.month()),
                                           static_cast<unsigned>(ymd.day()),
                                           static_cast<unsigned>(clock.hours().count()),
                                           static_cast<unsigned>(clock.minutes().count()),
                                           static_cast<unsigned>(clock.seconds().count()),
                                           us >> 16U,
                                           us >> 8U,
                                           us};
        std::string state;
        for (const unsigned b : raw) state += static_cast<char>(b & 0xffU);
        global(known::datetime);
        binary(state);
        if (t.offset) zone(offset);
        tuple_of(t.offset ? 2 : 1);
        reduce();
    }

    void zone(std::int64_t offset)
    {
        const auto [found, added] = zones_.try_emplace(offset, 0);
        if (!added) {
            boundary();
            return get(found->second);
        }
        global(known::timezone);
        global(known::timedelta);
        const std::int64_t days = offset < 0 ? -1 : 0;
        integer(days);
        integer(offset - days * 86400);
        integer(0);
        tuple_of(3);
        reduce();
        tuple_of(1);
        put(op::reduce);
        found->second = memoize();
    }

    void write(const value& v, bool frozen)
    {
        boundary();
        switch (v.kind()) {
            case value_kind::null: return put(op::none);
            case value_kind::boolean: return put(v.as<bool>() ? op::newtrue : op::newfalse);
            case value_kind::integer:
                return v.is_big() ? big(v.as<big_integer>()) : integer(v.as<std::int64_t>());
            case value_kind::real: return real(v.as<double>());
            case value_kind::string: {
                const auto t = v.as<std::string_view>();
                // CPython has one object for each of these.
                if (t.size() <= 1) return shared_text(t);
                text(t);
                return;
            }
            case value_kind::binary: return binary(as_text(v.as<std::span<const std::byte>>()));
            case value_kind::decimal:
                global(known::decimal);
                text(v.to<std::string>());
                tuple_of(1);
                return reduce();
            case value_kind::datetime: return time(v.as<zoned_time>());
            default: return open(v, frozen);
        }
    }

    void open(const value& v, bool frozen)
    {
        if (levels_.size() >= options_.max_depth_) {
            throw limit_error{"max_depth", options_.max_depth_};
        }
        if (frozen && (v.is_array() || v.is_object())) {
            throw type_error{"$", "a value that Python can hash, in a set", "array or object"};
        }
        const std::size_t count = v.size();
        switch (v.kind()) {
            case value_kind::tuple:
                if (count == 0) return put(op::empty_tuple);
                if (count > 3) put(op::mark);
                break;
            case value_kind::set: open_set(frozen); break;
            default: put(v.is_array() ? op::empty_list : op::empty_dict); memoize();
        }
        level opened;
        opened.kind = v.kind();
        opened.frozen = frozen || v.is_set();
        opened.itself_frozen = frozen;
        opened.count = count;
        if (v.is_object()) {
            opened.add_one = op::setitem;
            opened.add_many = op::setitems;
            if (count != 0) {
                // Keys and values in turn.
                opened.next = &(*v.items().begin()).second - 1;
                opened.end = opened.next + 2 * count;
            }
        } else {
            opened.next = v.begin();
            opened.end = v.end();
            if (v.is_array() || (v.is_set() && !modern())) {
                opened.add_one = op::append;
                opened.add_many = op::appends;
            } else if (v.is_set() && !frozen) {
                opened.add_many = op::additems;
            }
        }
        levels_.push_back(opened);
    }

    void open_set(bool frozen)
    {
        if (!modern()) {
            global(frozen ? known::frozenset : known::set);
            boundary();
            put(op::empty_list);
            memoize();
        } else if (frozen) {
            put(op::mark);
        } else {
            put(op::empty_set);
            memoize();
        }
    }

    void step()
    {
        level& top = levels_.back();
        if (top.in_batch && top.batch_left == 0) {
            put(top.add);
            top.in_batch = false;
        }
        if (top.next == top.end) return close();
        const std::size_t width = top.kind == value_kind::object ? 2 : 1;
        if (top.add_many != 0 && !top.in_batch) start_batch(top, width);
        --top.batch_left;
        const value* const item = top.next;
        top.next += width;
        const bool frozen = top.frozen;
        if (width == 2) {
            shared_text(item->as<std::string_view>());
            write(item[1], frozen);
        } else {
            write(*item, frozen);
        }
    }

    void start_batch(level& top, std::size_t width)
    {
        top.in_batch = true;
        if (top.count == 1 && top.add_one != 0) {
            top.add = top.add_one;
            top.batch_left = 1;
            return;
        }
        top.add = top.add_many;
        top.batch_left = std::min(static_cast<std::size_t>(top.end - top.next) / width, batch_size);
        put(op::mark);
    }

    void close()
    {
        const level done = levels_.back();
        levels_.pop_back();
        if (done.kind == value_kind::tuple) {
            if (done.count <= 3) return tuple_of(done.count);
            put(op::tuple);
            memoize();
        } else if (done.kind == value_kind::set && !modern()) {
            tuple_of(1);
            reduce();
        } else if (done.kind == value_kind::set && done.itself_frozen) {
            put(op::frozenset);
            memoize();
        }
    }

    const dump_options& options_;
    bytes out_;
    std::vector<level> levels_;
    std::unordered_map<std::string_view, std::uint32_t> shared_;
    std::unordered_map<std::int64_t, std::uint32_t> zones_;
    std::array<std::optional<std::uint32_t>, names.size()> globals_;
    std::uint32_t memo_ = 0;
    std::size_t frame_ = no_frame;
};

bytes dump(const value& v, const dump_options& options)
{
    return dumper{options}.run(v);
}

}  // namespace ferry::pickle

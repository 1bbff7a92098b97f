// datetime's types.
#include "ferry/formats/detail/pickle_machine.hpp"

#include <chrono>
#include <cstdio>

namespace ferry::pickle::detail {
namespace {

using namespace std::chrono;

unsigned byte_at(std::string_view raw, std::size_t i) noexcept
{
    return static_cast<unsigned char>(raw[i]);
}

/// Year, month and day; `fold` is the month's highest bit.
std::optional<sys_days> date_of(std::string_view raw) noexcept
{
    const year_month_day date{year{static_cast<int>(byte_at(raw, 0) << 8U | byte_at(raw, 1))},
                              month{byte_at(raw, 2) & 0x7fU}, day{byte_at(raw, 3)}};
    if (!date.ok() || date.year() < year{1} || date.year() > year{9999}) return std::nullopt;
    return sys_days{date};
}

std::optional<microseconds> time_of(std::string_view raw) noexcept
{
    const unsigned h = byte_at(raw, 0) & 0x7fU;
    const unsigned m = byte_at(raw, 1);
    const unsigned s = byte_at(raw, 2);
    const unsigned us = byte_at(raw, 3) << 16U | byte_at(raw, 4) << 8U | byte_at(raw, 5);
    if (h > 23 || m > 59 || s > 59 || us > 999'999) return std::nullopt;
    return hours{h} + minutes{m} + seconds{s} + microseconds{us};
}

}  // namespace

/// The offset of a timezone, nullopt for one that has no fixed one.
std::optional<std::int32_t> lowering::offset_of(node_id zone)
{
    if (nodes_[zone].kind != node_kind::object) return std::nullopt;
    const object_data o = all_.objects[static_cast<std::size_t>(nodes_[zone].integer)];
    if (all_.is_global(o.callable, "pytz", "_UTC")) return 0;
    if (!all_.is_global(o.callable, "datetime", "timezone") || args(o).empty()) {
        return std::nullopt;
    }
    const node_id offset = plain(args(o)[0]);
    const raw_node& n = nodes_[offset];
    if (n.kind != node_kind::integer || n.integer < -86399 || n.integer > 86399) {
        return std::nullopt;
    }
    return static_cast<std::int32_t>(n.integer);
}

std::optional<node_id> lowering::duration(const object_data& o)
{
    const auto d = integer_arg(o, 0);
    const auto s = integer_arg(o, 1);
    const auto us = integer_arg(o, 2);
    if (!d || !s || !us) return std::nullopt;
    constexpr std::int64_t most = 999'999'999;
    if (*d < -most || *d > most || *s < 0 || *s > 86399 || *us < 0 || *us > 999'999) {
        return std::nullopt;
    }
    raw_node made;
    const std::int64_t whole = *d * 86400 + *s;
    if (*us == 0) {
        made.kind = node_kind::integer;
        made.integer = whole;
    } else {
        made.kind = node_kind::real;
        made.real = static_cast<double>(whole) + static_cast<double>(*us) / 1e6;
    }
    return nodes_.add(made);
}

std::optional<node_id> lowering::date_or_time(const object_data& o, std::string_view name)
{
    if (name == "timedelta") return duration(o);
    if (name == "timezone") {
        return args(o).empty() ? std::nullopt : std::optional{plain(args(o)[0])};
    }
    const auto raw = bytes_arg(o, 0);
    if (!raw) return std::nullopt;
    raw_node made;
    made.kind = node_kind::time;
    if (args(o).size() > 1) {
        const auto offset = offset_of(args(o)[1]);
        if (!offset) return std::nullopt;
        made.has_offset = true;
        made.offset = *offset;
    }
    if (name == "time" && raw->size() == 6) {
        const auto time = time_of(*raw);
        if (!time) return std::nullopt;
        // As isoformat writes it, which a value has no kind for.
        const std::string all =
            iso8601::format(timestamp{*time - seconds{made.offset}}, minutes{made.offset / 60});
        const std::size_t end = made.has_offset ? all.size() : all.size() - 6;
        return text(std::string_view{all}.substr(11, end - 11));
    }
    if (name == "date" && raw->size() == 4) {
        const auto date = date_of(*raw);
        if (!date) return std::nullopt;
        made.integer = duration_cast<microseconds>(date->time_since_epoch()).count();
        return nodes_.add(made);
    }
    if (name != "datetime" || raw->size() != 10) return std::nullopt;
    const auto date = date_of(*raw);
    const auto time = time_of(std::string_view{*raw}.substr(4));
    if (!date || !time) return std::nullopt;
    const auto local = duration_cast<microseconds>(date->time_since_epoch()) + *time;
    made.integer = (local - seconds{made.offset}).count();
    return nodes_.add(made);
}

}  // namespace ferry::pickle::detail

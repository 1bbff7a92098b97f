#include "ferry/tasks/schedule.hpp"

#include "ferry/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> day_names = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};

// What a field of a crontab may hold.
struct field_kind {
    std::string_view name;
    int lowest;
    int highest;
    std::span<const std::string_view> names;  ///< of the numbers from the lowest on
};

enum field : std::size_t { at_minute, at_hour, at_day, at_month, at_weekday };

const std::array<field_kind, 5> field_kinds = {
    field_kind{"minute", 0, 59, {}}, field_kind{"hour", 0, 23, {}},
    field_kind{"day of month", 1, 31, {}}, field_kind{"month", 1, 12, month_names},
    field_kind{"day of week", 0, 6, day_names}};

// `a-b/n,c`: what one field allows.
class field_parser {
public:
    field_parser(std::string_view text, const field_kind& kind) : text_{text}, kind_{kind} {}

    std::bitset<64> parse()
    {
        for (;;) {
            part();
            if (at_ == text_.size()) return allowed_;
            if (text_[at_] != ',') fail("expected a comma");
            ++at_;
        }
    }

private:
    [[noreturn]] void fail(std::string_view why) const
    {
        text_position where;
        where.offset = at_;
        where.column = at_ + 1;
        throw parse_error{ferry::errc::malformed,
                          fmt::format("crontab {}: {} in \"{}\"", kind_.name, why, text_), where};
    }

    bool skip(char c) noexcept
    {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void part()
    {
        int first = kind_.lowest;
        int last = kind_.highest;
        bool range = true;
        if (!skip('*')) {
            first = last = value();
            range = skip('-');
            if (range) last = value();
        }
        int step = 1;
        if (range && skip('/')) {
            step = number();
            if (step == 0) fail("a step of 0");
        }
        const int count = kind_.highest - kind_.lowest + 1;
        step = std::min(step, count);
        if (last < first) last += count;
        for (int n = first; n <= last; n += step) {
            allowed_.set(static_cast<std::size_t>(kind_.lowest + (n - kind_.lowest) % count));
        }
    }

    int value()
    {
        const std::size_t from = at_;
        const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
        std::string word;
        for (; at_ < text_.size() && is_letter(text_[at_]); ++at_) {
            word += static_cast<char>(text_[at_] | 0x20);
        }
        if (!word.empty()) {
            // Long names count by their first three letters, as in Python.
            const auto found = std::ranges::find(kind_.names, word.substr(0, 3));
            if (word.size() >= 3 && found != kind_.names.end()) {
                return kind_.lowest + static_cast<int>(found - kind_.names.begin());
            }
            at_ = from;
            fail("an unknown name");
        }
        const int n = number();
        if (n < kind_.lowest || n > kind_.highest) {
            at_ = from;
            fail(fmt::format("a number beyond {} to {}", kind_.lowest, kind_.highest));
        }
        return n;
    }

    int number()
    {
        int n = 0;
        const auto [end, problem] =
            std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
        if (problem != std::errc{} || n < 0) fail("expected a number");
        at_ = static_cast<std::size_t>(end - text_.data());
        return n;
    }

    std::string_view text_;
    const field_kind& kind_;
    std::size_t at_ = 0;
    std::bitset<64> allowed_;
};

// The first number that is allowed, from `from` on.
std::optional<int> first_of(const std::bitset<64>& allowed, int from) noexcept
{
    for (int n = from; n < 64; ++n) {
        if (allowed.test(static_cast<std::size_t>(n))) return n;
    }
    return std::nullopt;
}

}  // namespace

crontab::crontab()
{
    for (std::size_t i = 0; i < allowed_.size(); ++i) assign(i, "*");
}

crontab::crontab(std::string_view fields)
{
    const std::string_view whole = fields;
    std::size_t count = 0;
    for (;;) {
        fields.remove_prefix(std::min(fields.find_first_not_of(" \t"), fields.size()));
        if (fields.empty()) break;
        const std::string_view one = fields.substr(0, fields.find_first_of(" \t"));
        fields.remove_prefix(one.size());
        if (count < allowed_.size()) assign(count, one);
        ++count;
    }
    if (count != allowed_.size()) {
        throw parse_error{
            ferry::errc::malformed,
            fmt::format("crontab: five fields wanted, got {} in \"{}\"", count, whole),
            text_position{}};
    }
}

void crontab::assign(std::size_t index, std::string_view field)
{
    allowed_[index] = field_parser{field, field_kinds[index]}.parse();
    written_[index] = field;
}

crontab& crontab::minute(std::string_view field)
{
    assign(at_minute, field);
    return *this;
}

crontab& crontab::hour(std::string_view field)
{
    assign(at_hour, field);
    return *this;
}

crontab& crontab::day_of_month(std::string_view field)
{
    assign(at_day, field);
    return *this;
}

crontab& crontab::month_of_year(std::string_view field)
{
    assign(at_month, field);
    return *this;
}

crontab& crontab::day_of_week(std::string_view field)
{
    assign(at_weekday, field);
    return *this;
}

std::string crontab::text() const
{
    return fmt::format("crontab {}", fmt::join(written_, " "));
}

bool crontab::allows_day(local_days day) const
{
    const std::chrono::year_month_day date{day};
    return allowed_[at_day].test(static_cast<unsigned>(date.day())) &&
           allowed_[at_month].test(static_cast<unsigned>(date.month())) &&
           allowed_[at_weekday].test(std::chrono::weekday{day}.c_encoding());
}

// `from` is a whole minute.
std::optional<wall_time> crontab::at_or_after(wall_time from) const
{
    // 29 February falls on each day of the week within 40 years, whatever the century does.
    constexpr int furthest_days = 41 * 366;
    const auto today = std::chrono::floor<std::chrono::days>(from);
    for (int ahead = 0; ahead <= furthest_days; ++ahead) {
        const local_days day = today + std::chrono::days{ahead};
        if (!allows_day(day)) continue;
        const auto since_midnight =
            ahead == 0 ? std::chrono::duration_cast<minutes>(from - today) : 0min;
        const auto from_hour = static_cast<int>(since_midnight / 1h);
        for (auto hour = first_of(allowed_[at_hour], from_hour); hour;
             hour = first_of(allowed_[at_hour], *hour + 1)) {
            const int from_minute =
                *hour == from_hour ? static_cast<int>(since_midnight % 1h / 1min) : 0;
            const auto minute = first_of(allowed_[at_minute], from_minute);
            if (minute) return day + std::chrono::hours{*hour} + minutes{*minute};
        }
    }
    return std::nullopt;
}

std::optional<timestamp> crontab::next(timestamp last, const time_zone& in) const
{
    std::optional<timestamp> found;
    wall_time from = std::chrono::floor<minutes>(in.to_wall(last)) + 1min;
    for (;;) {
        const auto shown = at_or_after(from);
        if (!shown) break;
        const timestamp utc = in.to_utc(*shown);
        if (utc > last) {
            found = utc;
            break;
        }
        // In the second pass of a doubled hour: its first is past.
        from = *shown + 1min;
    }
    // What is due at every hour is due in both passes.
    constexpr auto longest_change = 3h;
    const bool each_hour = allowed_[at_hour].count() == 24;
    if (!found || !each_hour || *found - last > 24h + longest_change) return found;
    if (in.offset_at(last - longest_change) <= in.offset_at(*found)) return found;
    for (timestamp at = std::chrono::floor<minutes>(last) + 1min; at < *found; at += 1min) {
        const wall_time shown = in.to_wall(at);
        if (at_or_after(std::chrono::floor<minutes>(shown)) == shown) return at;
    }
    return found;
}

every::every(std::chrono::milliseconds interval) : interval_{interval}
{
    if (interval <= 0ms) throw error{ferry::errc::out_of_range, "an interval must be above zero"};
}

every& every::relative(bool on)
{
    relative_ = on;
    return *this;
}

std::optional<timestamp> every::next(timestamp last, const time_zone& in) const
{
    const timestamp due = last + interval_;
    if (!relative_ || interval_ < 1min) return due;
    const wall_time shown = in.to_wall(due);
    if (interval_ >= 24h) return in.to_utc(std::chrono::floor<std::chrono::days>(shown));
    if (interval_ >= 1h) return in.to_utc(std::chrono::floor<std::chrono::hours>(shown));
    return in.to_utc(std::chrono::floor<minutes>(shown));
}

std::string every::text() const
{
    return "every " + format_duration(interval_) + (relative_ ? " relative" : "");
}

std::optional<timestamp> schedule::next(timestamp last, const time_zone& in) const
{
    if (const auto* const sun = std::get_if<solar>(&kind_)) return sun->next(last);
    if (const auto* const clock = std::get_if<crontab>(&kind_)) return clock->next(last, in);
    return std::get<every>(kind_).next(last, in);
}

std::string schedule::text() const
{
    return std::visit([](const auto& s) { return s.text(); }, kind_);
}

}  // namespace ferry::tasks

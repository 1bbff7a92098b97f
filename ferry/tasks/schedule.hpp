#pragma once

#include "ferry/core/time.hpp"
#include "ferry/tasks/time_zone.hpp"

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// \file
/// When a periodic task is due: at intervals, by the clock on the wall, or by the sun.
namespace ferry::tasks {

/// By the clock on the wall, as Celery's crontab: every minute that all five fields allow. Unlike
/// Unix cron, day of month and day of week must both match: the 13th and `fri` is Friday the 13th.
///
///     tasks::crontab().minute("*/15").day_of_week("mon-fri")
///     tasks::crontab("30 4 1 * *")          // minute, hour, day of month, month, day of week
///
/// A field is `*`, `*/n`, `a-b`, `a-b/n`, a number, or a list of these; ranges wrap around: `22-2`,
/// `fri-mon`. Days of the week are sun to sat or 0 (Sunday) to 6; months jan to dec or 1 to 12.
///
/// When the clocks are put forward, what was due in the hour that is skipped is due once, at the
/// end of the gap; when they are put back, what is due in the doubled hour is due at its first
/// occurrence, unless it is due at every hour.
class crontab {
public:
    /// Every minute.
    crontab();
    /// \throws parse_error  not five fields, or as those below.
    explicit crontab(std::string_view fields);

    /// \throws parse_error  what the field may not say, with the place in it.
    crontab& minute(std::string_view field);
    crontab& hour(std::string_view field);
    crontab& day_of_month(std::string_view field);
    crontab& month_of_year(std::string_view field);
    crontab& day_of_week(std::string_view field);

    crontab& minute(int n) { return minute(std::to_string(n)); }
    crontab& hour(int n) { return hour(std::to_string(n)); }
    crontab& day_of_month(int n) { return day_of_month(std::to_string(n)); }
    crontab& month_of_year(int n) { return month_of_year(std::to_string(n)); }
    crontab& day_of_week(int n) { return day_of_week(std::to_string(n)); }

    /// The first time after `last` that is due; nothing if there is no such day, as 30 February.
    std::optional<timestamp> next(timestamp last, const time_zone& in) const;

    /// `crontab 30 4 1 * *`
    std::string text() const;

private:
    using set = std::bitset<64>;

    void assign(std::size_t index, std::string_view field);
    bool allows_day(std::chrono::local_days day) const;
    std::optional<wall_time> at_or_after(wall_time from) const;

    std::array<set, 5> allowed_;
    std::array<std::string, 5> written_;
};

/// What the sun does at a place.
enum class solar_event {
    dawn_astronomical,  ///< 18 degrees below the horizon, rising
    dawn_nautical,      ///< 12 degrees
    dawn_civil,         ///< 6 degrees
    sunrise,            ///< the upper limb shows, refraction included
    solar_noon,
    sunset,
    dusk_civil,
    dusk_nautical,
    dusk_astronomical,
};

/// By the sun, as Celery's solar: `solar("sunset", 52.52, 13.40)`. Right to about a minute between
/// the polar circles; beyond them a day without the event is passed over.
class solar {
public:
    /// \param latitude  degrees, -90 (south) to 90. \param longitude  -180 (west) to 180.
    /// \throws error with errc::out_of_range.
    solar(solar_event event, double latitude, double longitude);
    /// \throws error with errc::not_found  no event has that name.
    solar(std::string_view event, double latitude, double longitude);

    /// The first time after `last`; nothing if there is none within 400 days.
    std::optional<timestamp> next(timestamp last) const;

    /// `solar sunset 52.52 13.4`
    std::string text() const;

private:
    std::optional<timestamp> on_day(std::chrono::sys_days day) const;

    solar_event event_;
    double latitude_;
    double longitude_;
};

/// At intervals: so long after the last time. As Celery's `schedule(run_every)`.
class every {
public:
    /// \throws error with errc::out_of_range  not above zero.
    explicit every(std::chrono::milliseconds interval);

    /// By the clock: rounded down to whole days, hours or minutes, whichever the interval is at
    /// least one of. As Celery's `relative`.
    every& relative(bool on = true);

    std::optional<timestamp> next(timestamp last, const time_zone& in) const;

    /// `every 1h30m`
    std::string text() const;

private:
    std::chrono::milliseconds interval_;
    bool relative_ = false;
};

/// Any of these. A value.
class schedule {
public:
    schedule(every s) : kind_{s} {}
    schedule(crontab s) : kind_{std::move(s)} {}
    schedule(solar s) : kind_{s} {}
    template <class Rep, class Period>
    schedule(std::chrono::duration<Rep, Period> interval) : kind_{every{interval}}
    {
    }

    /// When it is due after `last`, the time of its last run; nothing if never again.
    std::optional<timestamp> next(timestamp last, const time_zone& in) const;

    std::string text() const;

private:
    std::variant<every, crontab, solar> kind_;
};

}  // namespace ferry::tasks

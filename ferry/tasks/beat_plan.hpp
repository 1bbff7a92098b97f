#pragma once

#include "ferry/tasks/options.hpp"
#include "ferry/tasks/schedule.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks {

/// A call that is sent again and again.
struct periodic_call {
    periodic_call(std::string n, schedule s, call_settings c)
        : name{std::move(n)}, when{std::move(s)}, call{std::move(c)}
    {
    }

    std::string name;
    schedule when;
    call_settings call;
};

/// What a beat has to do, written down:
///
///     timezone = "Europe/Berlin"
///
///     [tidy-up]
///     task = "shop.tidy"
///     crontab = "0 4 * * mon-fri"
///
///     [poll-orders]
///     task = "shop.poll"
///     every = "30s"
///     args = ["orders"]
///     expires = "30s"
///
/// Each table is an entry. It has a `task` and one of `crontab`, `every` (with `relative = true` if
/// wanted) and `solar` (`sunset 52.52 13.40`); and, if wanted, `args`, `kwargs`, `queue`,
/// `priority`, `expires`. As Celery's `beat_schedule`.
struct beat_plan {
    beat_plan() = default;

    time_zone zone;
    std::vector<periodic_call> calls;
};

/// \param file_name  for errors. \throws error  `beat.toml:3:11: ...`: no TOML, a key that nobody
/// knows, or a value that it cannot have.
beat_plan parse_beat_plan(std::string_view toml, const std::string& file_name);

/// \throws error  as above, or the file cannot be read.
beat_plan read_beat_plan(const std::string& path);

/// What a beat with the plan of this file is called, among others with the same plan on other
/// machines: the file's name without folder and ending. As tasks::leader wants it.
std::string plan_name(const std::string& path);

}  // namespace ferry::tasks

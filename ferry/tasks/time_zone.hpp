#pragma once

#include "ferry/core/time.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::tasks {

/// What the clocks on a wall show.
using wall_time = std::chrono::local_time<std::chrono::microseconds>;

/// A time zone by its IANA name, with all its changes of the clocks. As Python's zoneinfo.ZoneInfo.
/// A value, cheap to copy; may be used from any thread.
class time_zone {
public:
    /// UTC.
    time_zone();
    /// \throws error with errc::not_found  there is none of that name, as `Europe/Berlin`.
    explicit time_zone(std::string_view name);

    const std::string& name() const noexcept;

    std::chrono::seconds offset_at(timestamp utc) const;

    wall_time to_wall(timestamp utc) const
    {
        return wall_time{utc.time_since_epoch() + offset_at(utc)};
    }

    /// When the clocks show that. If they show it twice, the first time; if they skip it, the
    /// moment at which they do.
    timestamp to_utc(wall_time shown) const;

private:
    class impl;
    std::shared_ptr<const impl> impl_;
};

}  // namespace ferry::tasks

#include "ferry/core/error.hpp"
#include "ferry/tasks/schedule.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace ferry::tasks {
namespace {

using std::chrono::sys_days;

constexpr double days_in_a_century = 36525;

constexpr std::array<std::string_view, 9> event_names = {
    "dawn_astronomical", "dawn_nautical", "dawn_civil",       "sunrise", "solar_noon", "sunset",
    "dusk_civil",        "dusk_nautical", "dusk_astronomical"};

// Degrees of the sun's centre from the zenith. At sunrise its upper limb, 16 minutes up, shows on
// the horizon by 34 minutes of refraction.
constexpr std::array<double, 9> zenith_distances = {108, 102, 96, 90 + 50.0 / 60, 0, 90 + 50.0 / 60,
                                                    96,  102, 108};

double radians(double degrees) noexcept
{
    return degrees * std::numbers::pi / 180;
}

double degrees(double radians) noexcept
{
    return radians * 180 / std::numbers::pi;
}

struct sun {
    double declination;       ///< radians
    double equation_of_time;  ///< minutes
};

// Meeus, Astronomical Algorithms, chapters 25 and 28, the low-precision formulas.
sun sun_at(double days_since_2000) noexcept
{
    const double t = days_since_2000 / days_in_a_century;
    const double mean_longitude = radians(280.46646 + t * (36000.76983 + t * 0.0003032));
    const double anomaly = radians(357.52911 + t * (35999.05029 - 0.0001537 * t));
    const double eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
    const double centre = std::sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
                          std::sin(2 * anomaly) * (0.019993 - 0.000101 * t) +
                          std::sin(3 * anomaly) * 0.000289;
    const double node = radians(125.04 - 1934.136 * t);
    const double longitude = mean_longitude + radians(centre - 0.00569 - 0.00478 * std::sin(node));
    const double obliquity =
        radians(23.439291 - t * (0.0130042 + t * 0.00000016) + 0.00256 * std::cos(node));
    const double y = std::pow(std::tan(obliquity / 2), 2);
    const double equation =
        y * std::sin(2 * mean_longitude) - 2 * eccentricity * std::sin(anomaly) +
        4 * eccentricity * y * std::sin(anomaly) * std::cos(2 * mean_longitude) -
        0.5 * y * y * std::sin(4 * mean_longitude) -
        1.25 * eccentricity * eccentricity * std::sin(2 * anomaly);
    return {std::asin(std::sin(obliquity) * std::sin(longitude)), 4 * degrees(equation)};
}

solar_event event_named(std::string_view name)
{
    for (std::size_t i = 0; i < event_names.size(); ++i) {
        if (event_names[i] == name) return static_cast<solar_event>(i);
    }
    throw error{ferry::errc::not_found, fmt::format("no solar event is named {}; there are {}",
                                                    name, fmt::join(event_names, ", "))};
}

}  // namespace

solar::solar(solar_event event, double latitude, double longitude)
    : event_{event}, latitude_{latitude}, longitude_{longitude}
{
    if (!(std::abs(latitude) <= 90 && std::abs(longitude) <= 180)) {
        throw error{ferry::errc::out_of_range, "latitude is -90 to 90, longitude -180 to 180"};
    }
}

solar::solar(std::string_view event, double latitude, double longitude)
    : solar{event_named(event), latitude, longitude}
{
}

// On the day that begins at midnight UTC, by the place's own noon.
std::optional<timestamp> solar::on_day(sys_days day) const
{
    constexpr sys_days year_2000 = std::chrono::year{2000} / 1 / 1;
    constexpr double minutes_in_a_day = 1440;
    const double midnight = static_cast<double>((day - year_2000).count()) - 0.5;
    double minute = minutes_in_a_day / 2 - 4 * longitude_;
    // The sun moves on while it gets there.
    for (int round = 0; round < 4; ++round) {
        const sun s = sun_at(midnight + minute / minutes_in_a_day);
        const double noon = minutes_in_a_day / 2 - 4 * longitude_ - s.equation_of_time;
        if (event_ == solar_event::solar_noon) {
            minute = noon;
            continue;
        }
        const double zenith = radians(zenith_distances[static_cast<std::size_t>(event_)]);
        const double lat = radians(latitude_);
        const double cosine = std::cos(zenith) / (std::cos(lat) * std::cos(s.declination)) -
                              std::tan(lat) * std::tan(s.declination);
        if (!(std::abs(cosine) <= 1)) return std::nullopt;
        const double away = 4 * degrees(std::acos(cosine));
        minute = event_ < solar_event::solar_noon ? noon - away : noon + away;
    }
    return day + std::chrono::seconds{std::llround(minute * 60)};
}

std::optional<timestamp> solar::next(timestamp last) const
{
    constexpr int furthest_days = 400;
    const auto today = std::chrono::floor<std::chrono::days>(last);
    // A day of the place may begin up to half a day before or after that of UTC.
    for (int ahead = -1; ahead <= furthest_days; ++ahead) {
        const auto found = on_day(today + std::chrono::days{ahead});
        if (found && *found > last) return found;
    }
    return std::nullopt;
}

std::string solar::text() const
{
    return fmt::format("solar {} {} {}", event_names[static_cast<std::size_t>(event_)], latitude_,
                       longitude_);
}

}  // namespace ferry::tasks

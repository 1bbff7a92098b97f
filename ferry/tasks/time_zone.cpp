#include "ferry/tasks/time_zone.hpp"

#include "ferry/core/error.hpp"

#include <unicode/basictz.h>
#include <unicode/tztrans.h>

#include <algorithm>

namespace ferry::tasks {
namespace {

using std::chrono::milliseconds;

UDate date_of(std::chrono::microseconds since_epoch) noexcept
{
    return static_cast<UDate>(std::chrono::floor<milliseconds>(since_epoch).count());
}

}  // namespace

class time_zone::impl {
public:
    explicit impl(std::string_view name) : name_{name}
    {
        const auto id = icu::UnicodeString::fromUTF8(icu::StringPiece(name_.data(), size(name_)));
        const std::unique_ptr<icu::TimeZone> found{icu::TimeZone::createTimeZone(id)};
        const auto* const zone = dynamic_cast<const icu::BasicTimeZone*>(found.get());
        if (zone == nullptr || *zone == icu::TimeZone::getUnknown()) {
            throw error{ferry::errc::not_found,
                        "no time zone is named " + name_ + "; names are like Europe/Berlin"};
        }
        zone_.reset(zone->clone());
    }

    const std::string& name() const noexcept { return name_; }

    std::chrono::seconds offset_at(timestamp utc) const
    {
        return sum([&](std::int32_t& raw, std::int32_t& dst, UErrorCode& status) {
            zone_->getOffset(date_of(utc.time_since_epoch()), false, raw, dst, status);
        });
    }

    timestamp to_utc(wall_time shown) const
    {
        const auto offset = sum([&](std::int32_t& raw, std::int32_t& dst, UErrorCode& status) {
            zone_->getOffsetFromLocal(date_of(shown.time_since_epoch()), UCAL_TZ_LOCAL_FORMER,
                                      UCAL_TZ_LOCAL_FORMER, raw, dst, status);
        });
        const timestamp utc{shown.time_since_epoch() - offset};
        if (offset_at(utc) == offset) return utc;
        // Skipped: `utc` lies after the change, as much as `shown` lies in the gap.
        icu::TimeZoneTransition change;
        if (!zone_->getPreviousTransition(date_of(utc.time_since_epoch()), true, change)) {
            return utc;
        }
        return timestamp{milliseconds{static_cast<std::int64_t>(change.getTime())}};
    }

private:
    static std::int32_t size(const std::string& text)
    {
        constexpr std::size_t longest_name = 64;
        return static_cast<std::int32_t>(std::min(text.size(), longest_name));
    }

    template <class F>
    static std::chrono::seconds sum(F ask)
    {
        std::int32_t raw = 0;
        std::int32_t dst = 0;
        UErrorCode status = U_ZERO_ERROR;
        ask(raw, dst, status);
        if (U_FAILURE(status)) throw error{ferry::errc::out_of_range, "a time beyond the calendar"};
        return std::chrono::duration_cast<std::chrono::seconds>(milliseconds{raw + dst});
    }

    std::string name_;
    std::unique_ptr<const icu::BasicTimeZone> zone_;
};

time_zone::time_zone() : time_zone{"UTC"} {}

time_zone::time_zone(std::string_view name) : impl_{std::make_shared<const impl>(name)} {}

const std::string& time_zone::name() const noexcept
{
    return impl_->name();
}

std::chrono::seconds time_zone::offset_at(timestamp utc) const
{
    return impl_->offset_at(utc);
}

timestamp time_zone::to_utc(wall_time shown) const
{
    return impl_->to_utc(shown);
}

}  // namespace ferry::tasks

#include "ferry/http/detail/transfer_meter.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/http/options.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

constexpr auto report_interval = 100ms;
constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::uint64_t portions_per_second = 10;

class metered_source final : public body_source {
public:
    metered_source(body plain, std::shared_ptr<detail::transfer_meter> meter)
        : plain_(std::move(plain)), meter_(std::move(meter))
    {
    }

    awaitable<buffer> next() override
    {
        // Asked for the next part, the one before it is on its way.
        if (last_ > 0) meter_->sent(std::exchange(last_, 0));
        if (meter_->has_rate()) co_await ferry::sleep(meter_->pause());
        buffer part;
        if (plain_.source()) {
            part = co_await plain_.source()->next();
        } else {
            part = plain_.data().slice(offset_, meter_->portion());
            offset_ += part.size();
        }
        last_ = part.size();
        if (part.empty()) meter_->end_sending();
        co_return part;
    }
    std::optional<std::uint64_t> length() const override
    {
        return plain_.source() ? plain_.source()->length() : plain_.data().size();
    }
    bool rewind() override
    {
        offset_ = 0;
        last_ = 0;
        meter_->start_sending(length());
        return !plain_.source() || plain_.source()->rewind();
    }
    headers trailers() const override
    {
        return plain_.source() ? plain_.source()->trailers() : headers();
    }

private:
    body plain_;
    std::shared_ptr<detail::transfer_meter> meter_;
    std::size_t offset_ = 0;
    std::size_t last_ = 0;
};

}  // namespace

void progress::apply_to(request_options& to) const
{
    to.on_progress = call_;
}

namespace detail {

void transfer_meter::start_sending(std::optional<std::uint64_t> total)
{
    so_far_ = transfer();
    so_far_.sent_total = total;
}

void transfer_meter::sent(std::size_t bytes)
{
    so_far_.sent += bytes;
    spend(bytes);
    report(false);
}

void transfer_meter::end_sending()
{
    report(true);
}

void transfer_meter::start_receiving(std::optional<std::uint64_t> total)
{
    so_far_.received = 0;
    so_far_.received_total = total;
}

void transfer_meter::received(std::size_t bytes)
{
    so_far_.received += bytes;
    spend(bytes);
    report(false);
}

void transfer_meter::end_receiving()
{
    report(true);
}

transfer_meter::clock::duration transfer_meter::pause() const noexcept
{
    return std::max(paid_until_ - clock::now(), clock::duration(0));
}

std::size_t transfer_meter::portion() const noexcept
{
    if (!has_rate()) return piece_bytes;
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(rate_ / portions_per_second, 1, piece_bytes));
}

void transfer_meter::spend(std::size_t bytes)
{
    if (!has_rate()) return;
    const std::chrono::duration<double> time(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
    paid_until_ =
        std::max(paid_until_, clock::now()) + std::chrono::duration_cast<clock::duration>(time);
}

void transfer_meter::report(bool at_once)
{
    if (!call_) return;
    const auto now = clock::now();
    if (!at_once && now - last_ < report_interval) return;
    last_ = now;
    call_(so_far_);
}

body metered(const body& plain, std::shared_ptr<transfer_meter> meter)
{
    return plain.with_source(std::make_shared<metered_source>(plain, std::move(meter)));
}

}  // namespace detail
}  // namespace ferry::http

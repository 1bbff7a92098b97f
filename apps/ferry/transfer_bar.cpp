#include "apps/ferry/transfer_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace ferry::command {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t bar_cells = 24;

}  // namespace

std::string size_text(double bytes)
{
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < units.size()) {
        bytes /= 1000;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes)
                     : fmt::format("{:.1f} {}", bytes, units.at(unit));
}

transfer_bar::transfer_bar(bool quiet, std::size_t files)
    : shown_{!quiet && ::isatty(STDERR_FILENO) != 0}, expected_{files}
{
}

std::size_t transfer_bar::add()
{
    files_.emplace_back();
    return files_.size() - 1;
}

std::string transfer_bar::line(std::uint64_t received, std::optional<std::uint64_t> total,
                               double bytes_per_second)
{
    const auto done = static_cast<double>(received);
    std::string text;
    if (total && *total > 0) {
        const double share = std::min(1.0, done / static_cast<double>(*total));
        const auto full = static_cast<std::size_t>(share * bar_cells);
        text = '[' + std::string(full, '#') + std::string(bar_cells - full, ' ') +
               fmt::format("] {:3.0f} %  {} of {}", share * 100, size_text(done),
                           size_text(static_cast<double>(*total)));
    } else {
        text = size_text(done);
    }
    if (bytes_per_second > 0) text += "  " + size_text(bytes_per_second) + "/s";
    if (total && *total > received && bytes_per_second > 0) {
        text += fmt::format("  about {:.0f} s left",
                            static_cast<double>(*total - received) / bytes_per_second);
    }
    return text;
}

void transfer_bar::show(std::size_t which, const http::transfer& now)
{
    file& one = files_[which];
    one.received = now.received;
    one.total = now.received_total;
    one.first = std::min(one.first.value_or(now.received), now.received);
    const auto time = clock::now();
    if (!began_) began_ = time;
    if (!shown_ || time - last_ < 100ms) return;
    last_ = time;
    draw();
}

// All files together, as far as they have begun.
std::string transfer_bar::text() const
{
    file all{0, 0, 0};
    for (const file& f : files_) {
        if (!f.first) continue;
        all.received += f.received;
        *all.first += *f.first;
        if (all.total && f.total) {
            *all.total += *f.total;
        } else {
            all.total.reset();
        }
    }
    const auto passed = clock::now() - began_.value_or(clock::now());
    const double seconds = std::chrono::duration<double>(passed).count();
    const double rate = seconds > 0 ? static_cast<double>(all.received - *all.first) / seconds : 0;
    const std::string progress = line(all.received, all.total, rate);
    if (expected_ == 1) return progress;
    return fmt::format("{} of {} files  {}", done_, expected_, progress);
}

void transfer_bar::draw()
{
    std::fprintf(stderr, "\r%s\033[K", text().c_str());
    std::fflush(stderr);
    dirty_ = true;
}

void transfer_bar::done() noexcept
{
    ++done_;
}

void transfer_bar::end()
{
    if (dirty_) std::fputs("\r\033[K", stderr);
    dirty_ = false;
}

void transfer_bar::finish()
{
    if (!shown_ || !began_) return;
    draw();
    std::fputs("\n", stderr);
    dirty_ = false;
}

}  // namespace ferry::command

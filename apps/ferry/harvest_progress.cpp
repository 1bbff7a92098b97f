#include "apps/ferry/harvest_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ferry::command {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t bar_cells = 24;
constexpr auto between_bars = 100ms;
constexpr auto between_lines = 5s;

double seconds(std::chrono::nanoseconds d)
{
    return std::chrono::duration<double>(d).count();
}

}  // namespace

harvest_progress::harvest_progress(bool quiet) : quiet_{quiet}, terminal_{::isatty(2) != 0} {}

std::string harvest_progress::line(const harvest::progress& now, double pages_per_second,
                                   double bytes_per_second)
{
    const double share =
        now.known == 0 ? 0 : static_cast<double>(now.done()) / static_cast<double>(now.known);
    const auto full = std::min(bar_cells, static_cast<std::size_t>(share * bar_cells));
    std::string text = '[' + std::string(full, '#') + std::string(bar_cells - full, ' ') + "] " +
                       std::to_string(now.done()) + '/' + std::to_string(now.known);
    if (now.failed > 0) text += "  failed " + std::to_string(now.failed);
    text += "  records " + std::to_string(now.records);
    char rates[64];
    std::snprintf(rates, sizeof rates, "  %.0f pages/s  %.1f MB/s", pages_per_second,
                  bytes_per_second / 1e6);
    text += rates;
    if (pages_per_second > 0 && now.known > now.done()) {
        const double left = static_cast<double>(now.known - now.done()) / pages_per_second;
        std::snprintf(rates, sizeof rates, "  about %.0f s left", left);
        text += rates;
    }
    return text;
}

void harvest_progress::show(const harvest::progress& now)
{
    if (quiet_) return;
    const auto time = clock::now();
    if (last_ != clock::time_point{} && time - last_ < (terminal_ ? between_bars : between_lines)) {
        return;
    }
    const double passed = seconds(now.elapsed - at_last_.elapsed);
    if (passed > 0) {
        pages_per_second_ = static_cast<double>(now.done() - at_last_.done()) / passed;
        bytes_per_second_ = static_cast<double>(now.bytes - at_last_.bytes) / passed;
    }
    last_ = time;
    at_last_ = now;
    const auto text = line(now, pages_per_second_, bytes_per_second_);
    std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", text.c_str());
    std::fflush(stderr);
    shown_ = true;
}

void harvest_progress::end()
{
    if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

}  // namespace ferry::command

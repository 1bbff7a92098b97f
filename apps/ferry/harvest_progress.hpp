#pragma once

#include "ferry/harvest/run.hpp"

#include <chrono>
#include <string>

namespace ferry::command {

/// Shows a run as it goes on, on standard error: a bar on a terminal, else a line now and then.
class harvest_progress {
public:
    explicit harvest_progress(bool quiet);

    void show(const harvest::progress& now);
    /// Takes the bar away.
    void end();

    /// `[#####     ] 263/527  pages 250  failed 1  512 pages/s  48.1 MB/s  about 1 s left`
    static std::string line(const harvest::progress& now, double pages_per_second,
                            double bytes_per_second);

private:
    using clock = std::chrono::steady_clock;

    bool quiet_;
    bool terminal_;
    bool shown_ = false;
    clock::time_point last_{};
    harvest::progress at_last_;
    double pages_per_second_ = 0;
    double bytes_per_second_ = 0;
};

}  // namespace ferry::command

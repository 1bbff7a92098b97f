#pragma once

#include "ferry/http/transfer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ferry::command {

/// How far downloads are, on standard error, in one line: nothing if that is no terminal.
class transfer_bar {
public:
    /// \param files  how many there will be.
    explicit transfer_bar(bool quiet, std::size_t files = 1);

    bool is_shown() const noexcept { return shown_; }

    /// A file more. \return its number for show().
    std::size_t add();
    void show(std::size_t file, const http::transfer& now);
    /// A file is there.
    void done() noexcept;
    /// Clears the line.
    void end();
    /// Everything is there: leaves the last state on the terminal.
    void finish();

    /// `[####    ] 1.2 of 4.0 MB  3.1 MB/s  about 2 s left`
    static std::string line(std::uint64_t received, std::optional<std::uint64_t> total,
                            double bytes_per_second);

private:
    using clock = std::chrono::steady_clock;

    struct file {
        std::uint64_t received = 0;
        std::optional<std::uint64_t> total;
        std::optional<std::uint64_t> first;  ///< of the first report: kept from another time
    };

    std::string text() const;
    void draw();

    bool shown_;
    std::size_t expected_;
    std::size_t done_ = 0;
    std::vector<file> files_;
    std::optional<clock::time_point> began_;  ///< the first report
    clock::time_point last_{};
    bool dirty_ = false;
};

/// 1536 as `1.5 kB`.
std::string size_text(double bytes);

}  // namespace ferry::command

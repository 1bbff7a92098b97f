#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::testing {

/// A program on a terminal of its own, 80 columns wide: its three standard streams are that.
/// Killed at the end of its scope.
///
///     testing::terminal shell({FERRY_COMMAND, "get", url, "-o", file});
///     shell.wait_for(" % ");
///     shell.type("\x03");                // Ctrl-C
///     EXPECT_EQ(shell.wait(), 130);
class terminal {
public:
    explicit terminal(const std::vector<std::string>& arguments);
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;
    ~terminal();

    void type(const std::string& keys) const;

    /// Reads until `text` has been shown. \return whether it was, before the end and `limit`.
    bool wait_for(const std::string& text,
                  std::chrono::milliseconds limit = std::chrono::seconds{20});

    /// Reads until the program ends. \return its exit code; 128 + N if signal N ended it.
    int wait(std::chrono::milliseconds limit = std::chrono::seconds{60});

    /// What was shown so far, with `\n` for the terminal's line ends.
    std::string shown() const;

private:
    bool read_more(std::chrono::milliseconds limit);

    pid_t pid_ = -1;
    int terminal_ = -1;
    bool ended_ = false;
    std::string shown_;
};

}  // namespace ferry::testing

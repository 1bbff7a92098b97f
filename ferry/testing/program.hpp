#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::testing {

/// What a program that has ended left behind.
struct outcome {
    int status = -1;  ///< exit code; 128 + N if signal N ended it
    std::string out;
    std::string err;
};

/// Runs a program to its end, with `input` on its standard input, and collects what it prints.
/// One that is still running after `limit` is killed, which shows as status 137.
outcome run_program(const std::vector<std::string>& arguments, const std::string& input = {},
                    std::chrono::milliseconds limit = std::chrono::seconds{60});

/// A program that runs beside the test; killed at the end of its scope and when the test dies. Its
/// standard output goes to `out_path`, its standard error to `err_path`.
class program {
public:
    program(const std::vector<std::string>& arguments, const std::string& out_path,
            const std::string& err_path);
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program();

    pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    /// Waits for the end. \returns the status as in `outcome`.
    int wait(std::chrono::milliseconds limit = std::chrono::seconds{60});

private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

/// The bytes of a file, empty if there is none.
std::string read_file(const std::string& path);

}  // namespace ferry::testing

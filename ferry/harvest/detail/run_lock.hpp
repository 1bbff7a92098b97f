#pragma once

#include <string>

namespace ferry::harvest::detail {

/// Keeps other processes from the same state directory. The system gives it up with the process.
class run_lock {
public:
    /// \throws error  another process has it; the message names its number.
    explicit run_lock(const std::string& directory);
    run_lock(const run_lock&) = delete;
    run_lock& operator=(const run_lock&) = delete;
    ~run_lock();

private:
    int file_ = -1;
};

/// The process that runs on a state directory, 0 if there is none.
int running_process(const std::string& directory);

}  // namespace ferry::harvest::detail

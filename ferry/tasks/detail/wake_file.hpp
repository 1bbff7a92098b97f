#pragma once

#include <string>

namespace ferry::tasks::detail {

/// A file whose touch wakes every process that waits beside the same database: no process knows who
/// else there is, and a killed one leaves nothing behind.
class wake_file {
public:
    /// Opens or makes the file and begins to watch it. Where the system has no watch left to give,
    /// descriptor() is -1 and the caller's own slow poll has to do.
    explicit wake_file(const std::string& path);
    wake_file(const wake_file&) = delete;
    wake_file& operator=(const wake_file&) = delete;
    ~wake_file();

    /// Becomes readable when somebody touched the file, this process included.
    int descriptor() const noexcept { return watch_; }

    void touch() const noexcept;

    /// Takes note of the touches until now; true if there was one.
    bool drain() const noexcept;

private:
    int file_;
    int watch_;
};

}  // namespace ferry::tasks::detail

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// \file
/// Small files that a program keeps for itself.
namespace ferry {

/// \throws error        it cannot be read. \throws limit_error  `max_file_bytes`
std::string read_whole_file(const std::string& path, std::size_t max_bytes);

/// Writes a file that is either the old one or the new one, whatever happens in between: a
/// neighbour is written, pushed to the disk and renamed. Only its owner may read it.
/// \throws error  it cannot be written; the old one is as it was.
void replace_file(const std::string& path, std::string_view content);

/// Keeps other processes, and others in this one, from what a file stands for, while it lives. The
/// file holds the process's number. The system gives it up with the process.
class file_lock {
public:
    /// \param guards  what it stands for, for the error's text; the file itself by default.
    /// \throws error with errc::invalid_state  another process has it: `guards: in use by process
    /// 4711`.
    explicit file_lock(const std::string& path, std::string_view guards = {});
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock();

    /// The process that holds the lock of that path, 0 if there is none.
    static int holder(const std::string& path) noexcept;

private:
    int file_ = -1;
};

}  // namespace ferry

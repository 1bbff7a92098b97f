#pragma once

#include <cstdint>
#include <string>

namespace ferry::tasks::detail {

/// Tells living owners of claimed tasks from dead ones at once: an owner keeps the byte at its own
/// number locked in a shared file, and the kernel lets go of it when the process dies, however that
/// comes about.
class owner_locks {
public:
    explicit owner_locks(const std::string& path);
    owner_locks(const owner_locks&) = delete;
    owner_locks& operator=(const owner_locks&) = delete;
    ~owner_locks();

    /// Takes the lock of an owner number that no other process uses.
    void hold(std::int64_t owner);
    void let_go(std::int64_t owner) noexcept;

    /// True while another owner_locks, of this or another process, holds the number.
    bool held_elsewhere(std::int64_t owner) const;

private:
    std::string path_;
    int file_;
};

}  // namespace ferry::tasks::detail

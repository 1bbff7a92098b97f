#include "apps/ferry/input_lines.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/core/error.hpp"

#include "apps/ferry/output.hpp"
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

namespace ferry::command {
namespace {

constexpr int look_around_ms = 100;

}  // namespace

// Used by one thread at a time.
class input_lines::reader {
public:
    void stop() noexcept { stopped_ = true; }

    std::optional<std::string> next()
    {
        for (;;) {
            const std::size_t end = rest_.find('\n');
            if (end != std::string::npos) {
                std::string line = rest_.substr(0, end);
                rest_.erase(0, end + 1);
                if (line.ends_with('\r')) line.pop_back();
                return line;
            }
            if (rest_.size() > max_input_bytes) {
                throw limit_error("max_input_bytes", max_input_bytes);
            }
            if (ended_ || !read_more()) {
                if (rest_.empty()) return std::nullopt;
                return std::exchange(rest_, {});
            }
        }
    }

private:
    // False at the end, or when nobody wants more.
    bool read_more()
    {
        pollfd in{STDIN_FILENO, POLLIN, 0};
        while (!stopped_) {
            const int ready = ::poll(&in, 1, look_around_ms);
            if (ready < 0 && errno != EINTR) throw system_failure(errno, "read standard input");
            if (ready <= 0) continue;
            std::array<char, 4096> chunk;
            const ssize_t n = ::read(STDIN_FILENO, chunk.data(), chunk.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) throw system_failure(errno, "read standard input");
            ended_ = n == 0;
            rest_.append(chunk.data(), static_cast<std::size_t>(n));
            return !ended_;
        }
        return false;
    }

    std::atomic<bool> stopped_{false};
    bool ended_ = false;
    std::string rest_;
};

input_lines::input_lines() : reader_(std::make_shared<reader>()) {}

input_lines::~input_lines()
{
    reader_->stop();
}

awaitable<std::optional<std::string>> input_lines::next()
{
    const auto from = reader_;
    const auto read = [from] { return from->next(); };
    return run_blocking(read);
}

}  // namespace ferry::command

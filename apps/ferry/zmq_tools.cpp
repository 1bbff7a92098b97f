#include "apps/ferry/zmq_tools.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/formats/pickle.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace ferry::command {
namespace {

int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    throw error(errc::malformed, "not hexadecimal");
}

std::string from_hex(std::string_view text)
{
    if (text.size() % 2 != 0) throw error(errc::malformed, "hexadecimal digits come in pairs");
    std::string data;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        data += static_cast<char>(digit_of(text[i]) * 16 + digit_of(text[i + 1]));
    }
    return data;
}

std::string to_hex(std::string_view data)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : data) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte / 16];
        text += digits[byte % 16];
    }
    return text;
}

template <class F>
void each_part(std::string_view text, std::string_view separator, F f)
{
    for (;;) {
        const auto end = separator.empty() ? text.npos : text.find(separator);
        f(text.substr(0, end));
        if (end == text.npos) return;
        text.remove_prefix(end + separator.size());
    }
}

/// A descriptor that is closed at the end.
class handle {
public:
    explicit handle(int fd, const char* doing) : fd_{fd}
    {
        if (fd < 0) throw system_failure(errno, doing);
    }
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() { close(); }
    void close()
    {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int get() const { return fd_; }

private:
    int fd_;
};

std::string shell(const std::string& command, std::string_view input)
{
    const handle in(::memfd_create("input", MFD_CLOEXEC), "memfd_create");
    while (!input.empty()) {
        const ssize_t n = ::write(in.get(), input.data(), input.size());
        if (n < 0) throw system_failure(errno, "write");
        input.remove_prefix(static_cast<std::size_t>(n));
    }
    ::lseek(in.get(), 0, SEEK_SET);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure(errno, "pipe");
    const handle out(ends[0], "pipe");
    handle theirs(ends[1], "pipe");

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    std::string words[] = {"sh", "-c", command};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    pid_t child = -1;
    const int failed = ::posix_spawn(&child, "/bin/sh", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw system_failure(failed, "run " + command);
    theirs.close();

    std::string all;
    char piece[4096];
    for (;;) {
        const ssize_t n = ::read(out.get(), piece, sizeof(piece));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        all.append(piece, static_cast<std::size_t>(n));
    }
    int status = -1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (status != 0) throw error(errc::invalid_state, command + ": it failed");
    return all;
}

}  // namespace

zmq::multipart to_message(std::string_view line, line_format format, const std::string& separator)
{
    zmq::multipart all;
    if (format == line_format::pickle) {
        all.emplace_back(pickle::dump(json::parse(line)));
    } else if (format == line_format::hex) {
        each_part(line, " ", [&](std::string_view part) { all.emplace_back(from_hex(part)); });
    } else if (format == line_format::text) {
        each_part(line, separator, [&](std::string_view part) { all.emplace_back(part); });
    } else {
        const value v = json::parse(line);
        bool texts = v.is_array() && v.size() > 0;
        for (std::size_t i = 0; texts && i < v.size(); ++i) texts = v[i].is_string();
        if (!texts) {
            all.emplace_back(json::dump(v));
        } else {
            for (std::size_t i = 0; i < v.size(); ++i) all.emplace_back(v[i].as<std::string>());
        }
    }
    return all;
}

std::string to_line(const zmq::multipart& m, line_format format, const std::string& separator)
{
    if (format == line_format::pickle) {
        std::string line;
        for (const zmq::message& frame : m) {
            if (!line.empty()) line += ' ';
            line += json::dump(pickle::load(frame.span()));
        }
        return line;
    }
    if (format == line_format::json) {
        value all = value::array();
        for (const zmq::message& frame : m) all.push_back(value(utf8::repair(frame.text())));
        return json::dump(all);
    }
    const std::string_view between =
        format == line_format::hex || separator.empty() ? " " : std::string_view(separator);
    std::string line;
    for (std::size_t i = 0; i < m.size(); ++i) {
        if (i > 0) line += between;
        line += format == line_format::hex ? to_hex(m[i].text()) : m[i].to_string();
    }
    return line;
}

awaitable<std::string> run_shell(std::string command, std::string input)
{
    auto call = [c = std::move(command), i = std::move(input)] { return shell(c, i); };
    return run_blocking(std::move(call));
}

}  // namespace ferry::command

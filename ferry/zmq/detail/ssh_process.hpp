#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace ferry::zmq::ssh::detail {

/// The program that ssh asks for a password. It is a script in memory, and the password its last
/// line: so that it is in no file, no argument and no environment, where others would see it. Who
/// may read this process's memory may read it too; root, and the same user.
///
/// It answers only when asked for a password or passphrase, and only the ssh that this process
/// started: not one that this starts in turn for a host on the way, which has a password of its
/// own.
class askpass {
public:
    /// \throws error(errc::bad_option)  a password that no terminal could take
    /// \throws limit_error              one that is longer than ssh takes
    explicit askpass(const std::string& password);
    askpass(const askpass&) = delete;
    askpass& operator=(const askpass&) = delete;
    ~askpass();

    /// The variables by which ssh finds it: `NAME=value`.
    std::vector<std::string> environment() const;

private:
    int script_;
};

/// A running program, killed at the end. What it says on standard error is kept, as far as a pipe
/// holds it.
class process {
public:
    /// \param variables  `NAME=value`, in the place of this process's own of those names.
    process(std::vector<std::string> words, std::vector<std::string> variables);
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process();

    bool running() noexcept;

    /// Whether it ended with status 0.
    bool succeeded() const noexcept { return ended_ && status_ == 0; }

    /// The last line that it said since the last call, without control characters.
    std::string last_words() const;

private:
    /// Of which nobody ever waits: who writes to a full one goes on without.
    class pipe {
    public:
        pipe();
        pipe(const pipe&) = delete;
        pipe& operator=(const pipe&) = delete;
        ~pipe();
        int in() const noexcept { return ends_[1]; }
        std::string contents() const;

    private:
        int ends_[2];
    };

    pipe said_;
    pid_t pid_ = -1;
    bool ended_ = false;
    int status_ = -1;
};

}  // namespace ferry::zmq::ssh::detail

#pragma once

#include "ferry/async/task.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/http/detail/http2_machine.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ferry::http::detail {

/// The driver of HTTP/2: moves bytes between a stream and the machine, for any number of exchanges.
///
/// Reads for as long as it is open, in a task of its own. What several exchanges want to send in
/// one turn of the loop goes out by one write. Belongs to one loop.
class http2_connection : public std::enable_shared_from_this<http2_connection> {
public:
    using clock = std::chrono::steady_clock;

    /// Who is told that may_open() or allowed_streams() are not what they were.
    class owner {
    public:
        virtual void http2_changed() noexcept = 0;

    protected:
        ~owner() = default;
    };

    explicit http2_connection(net::stream over);
    ~http2_connection();

    /// Sends the preface and begins to read. \param write_limit  for each single write.
    void start(std::chrono::milliseconds write_limit);
    /// Must live until retire().
    void set_owner(owner& who) noexcept { owner_ = &who; }

    /// Closes it: at once if no stream is open, else after the last one. The owner is forgotten.
    void retire() noexcept;

    /// Another stream may be opened, as far as the connection is concerned.
    bool may_open() const noexcept;
    std::size_t allowed_streams() const noexcept { return machine_.allowed_streams(); }
    std::size_t open_streams() const noexcept { return machine_.open_streams(); }

    /// Between requests: the peer has sent something, or closed. One system call at most.
    bool readable_now() const noexcept { return stream_.readable_now(); }

    clock::time_point made() const noexcept { return made_; }
    const std::string& peer() const noexcept { return peer_; }
    const std::shared_ptr<const net::tls_info>& tls() const noexcept { return tls_; }

    /// \name As the machine's; what is to be sent goes out by and by.
    /// @{
    void submit(const std::shared_ptr<http2_stream>& stream,
                const std::vector<http2_machine::field>& fields, bool has_body);
    void resume(http2_stream& stream);
    void consumed(http2_stream& stream, std::size_t bytes);
    void abandon(http2_stream& stream) noexcept;
    /// @}

    /// Waits until something happens to the stream. \throws cancelled
    /// \return false: `deadline` came first.
    static awaitable<bool> wait(std::shared_ptr<http2_connection> self,
                                std::shared_ptr<http2_stream> stream, clock::time_point deadline);

private:
    /// Wakes those whose deadline is over. It is left running between waits, and looks at them only
    /// when it rings.
    class alarm final : public timer {
    public:
        explicit alarm(http2_connection& of) noexcept : of_(of) {}

    private:
        void expired() noexcept override { of_.look_at_deadlines(); }
        http2_connection& of_;
    };

    static awaitable<void> read_all(std::shared_ptr<http2_connection> self);
    static awaitable<void> write_all(std::shared_ptr<http2_connection> self);
    void take_in();
    void flush_soon();
    void tell_owner() noexcept;
    void look_at_deadlines() noexcept;
    void lose(std::exception_ptr why) noexcept;
    std::exception_ptr end_reason() const;
    void close_if_done() noexcept;

    net::stream stream_;
    http2_machine machine_;
    std::string peer_;
    std::shared_ptr<const net::tls_info> tls_;
    clock::time_point made_ = clock::now();
    owner* owner_ = nullptr;
    std::string out_;
    bool writing_ = false;
    bool broken_ = false;  ///< what is written does not arrive
    bool lost_ = false;    ///< nothing arrives either
    bool retired_ = false;
    bool could_open_ = true;          ///< when the owner was last told
    std::size_t allowed_before_ = 0;  ///< the same
    alarm alarm_{*this};
};

}  // namespace ferry::http::detail

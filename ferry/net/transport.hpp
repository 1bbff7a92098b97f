#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/bytes.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ferry::net {

/// Pieces that are written one after the other, as if they were one.
using const_buffers = std::span<const std::span<const std::byte>>;

enum class direction : unsigned char { reading, writing };

/// The certificate that a TLS peer has shown. As SSLSocket.getpeercert().
class certificate_info {
public:
    std::string subject;             ///< one line, `CN = localhost`; empty without a certificate
    std::string issuer;              ///< the same for who signed it
    std::vector<std::string> names;  ///< DNS names and addresses that it is for
    std::chrono::sys_seconds not_before{};
    std::chrono::sys_seconds not_after{};
    bytes der;               ///< the whole of it
    std::string key_sha256;  ///< of its public key, in base64: what tls_context::pin_sha256 takes

    certificate_info() noexcept {}
};

/// What a TLS connection has agreed on.
class tls_info {
public:
    std::string version;           ///< `TLSv1.3`
    std::string cipher;            ///< OpenSSL's name, `TLS_AES_256_GCM_SHA384`
    std::string alpn;              ///< the protocol chosen, empty without ALPN
    std::string peer_subject;      ///< as peer.subject
    std::string peer_certificate;  ///< the same certificate in PEM
    certificate_info peer;
    bool resumed = false;  ///< a session of an earlier connection was taken up

    tls_info() noexcept {}
};

/// What a stream runs over: the interface to implement for a new kind of byte stream. One read and
/// one write are under way at most, which stream sees to; they may be under way together.
class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    /// Waits for at least one byte. \return how many; 0 at the end of the stream.
    /// \throws cancelled  interrupted or cancelled, with nothing read.
    virtual awaitable<std::size_t> read_some(std::span<std::byte> into) = 0;

    /// Waits until read_some() would not, without a buffer. Returning at once is always allowed.
    /// \throws cancelled  interrupted or cancelled.
    virtual awaitable<void> wait_readable();

    /// Reads what has arrived, without a wait; 0 is always allowed, also at the end, and lets the
    /// caller use read_some().
    virtual std::size_t try_read(std::span<std::byte> into);

    /// Sends what is taken without a wait; 0 is always allowed, and lets the caller use
    /// write_some().
    virtual std::size_t try_write(const_buffers from);

    /// Sends what it can of the buffers, at least one byte.
    /// \throws cancelled  interrupted or cancelled, with nothing sent; a transport that cannot
    ///         promise that fails at every later write.
    virtual awaitable<std::size_t> write_some(const_buffers from) = 0;

    /// Sends a part of a file without a copy, if this kind of stream can. \return 0 if it cannot.
    virtual awaitable<std::uint64_t> send_file(int file, std::uint64_t offset, std::uint64_t count);

    /// Tells the peer that nothing more comes. Reading goes on.
    virtual awaitable<void> shutdown_write() = 0;

    /// Ends the connection in order.
    virtual awaitable<void> close() = 0;

    /// Ends the connection at once; operations under way end with `cancelled`.
    virtual void abort() noexcept = 0;

    /// Lets the operation under way in this direction, if any, throw `cancelled`.
    virtual void interrupt(direction d) noexcept = 0;

    /// `127.0.0.1:443`, `unix:/run/x.sock`, `pair`.
    virtual std::string local_endpoint() const = 0;
    virtual std::string remote_endpoint() const = 0;

    /// Whether the peer has closed or sent something that nobody has read: what a pool asks before
    /// it uses an idle connection again. One system call at most.
    virtual bool readable_now() const noexcept = 0;

    /// The descriptor, or -1.
    virtual int native_handle() const noexcept { return -1; }

    /// Null if the stream is in the clear.
    virtual const tls_info* tls() const noexcept { return nullptr; }
};

}  // namespace ferry::net

#include "ferry/core/time.hpp"
#include "ferry/net/detail/openssl.hpp"
#include "ferry/net/detail/stream_state.hpp"
#include "ferry/net/transport.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

namespace ferry::net {
namespace {

/// What one call encrypts at most: four records.
constexpr std::size_t clear_bytes_per_write = 64 * 1024;

std::string day(std::chrono::sys_seconds when)
{
    return iso8601::format(when).substr(0, std::string_view("2026-11-25").size());
}

// What helps to find out why a certificate was refused.
std::string shown(const certificate_info& c)
{
    std::string text = " (" + c.subject + ", issued by " + c.issuer + ", valid from " +
                       day(c.not_before) + " to " + day(c.not_after);
    for (std::size_t i = 0; i < c.names.size() && i < 8; ++i) {
        text += (i == 0 ? ", for " : " ") + c.names[i];
    }
    return text + ')';
}

std::string pem_of(const SSL* ssl)
{
    const X509* const certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) return {};
    const std::unique_ptr<BIO, openssl_free<&BIO_free>> text(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(text.get(), certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return std::string(data, static_cast<std::size_t>(std::max(size, 0L)));
}

}  // namespace

/// What the TLS transport needs of the stream below.
class stream_access {
public:
    static transport& over(const stream& s) { return *s.state_->over; }
};

/// TLS over a stream: OpenSSL works on two buffers in memory, this moves bytes between them and the
/// stream.
class tls_transport final : public transport {
public:
    tls_transport(stream over, tls_context with, const std::string& host,
                  const std::string& alpn = {})
        : over_{std::move(over)},
          context_{std::move(with)},
          ssl_{context_.impl_->connection(host)},
          host_{host}
    {
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(in_, -1);
        SSL_set_bio(ssl_.get(), in_, out_);
        if (!alpn.empty()) {
            SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                static_cast<unsigned int>(alpn.size()));
        }
    }

    static awaitable<stream> handshake(std::unique_ptr<tls_transport> self);

    awaitable<std::size_t> read_some(std::span<std::byte> into) override
    {
        if (into.empty()) co_return 0;
        for (;;) {
            ERR_clear_error();
            std::size_t count = 0;
            const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
            if (result == 1) co_return count;
            const int why = SSL_get_error(ssl_.get(), result);
            if (why == SSL_ERROR_ZERO_RETURN) co_return 0;
            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail("read");
            co_await flush();
            const bool more = co_await receive();
            if (!more) {
                throw tls_error(
                    "read " + remote_endpoint() + ": the connection was cut without a close_notify",
                    remote_endpoint());
            }
        }
    }

    awaitable<void> wait_readable() override
    {
        if (SSL_pending(ssl_.get()) > 0 || BIO_ctrl_pending(in_) > 0) co_return;
        co_await over_.wait_readable();
    }

    awaitable<std::size_t> write_some(const_buffers from) override
    {
        check_writable();
        std::size_t taken = 0;
        for (auto part : from) {
            part = part.first(std::min(part.size(), clear_bytes_per_write - taken));
            while (!part.empty()) {
                ERR_clear_error();
                std::size_t count = 0;
                if (SSL_write_ex(ssl_.get(), part.data(), part.size(), &count) != 1) fail("write");
                part = part.subspan(count);
                taken += count;
            }
        }
        // The records are numbered: one that was made and not sent cannot be taken back.
        broken_ = true;
        co_await flush();
        broken_ = false;
        co_return taken;
    }

    awaitable<void> shutdown_write() override
    {
        if (broken_ || std::exchange(shut_, true)) co_return;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        co_await flush();
    }

    awaitable<void> close() override
    {
        try {
            co_await shutdown_write();
        } catch (const connection_error&) {
            // The peer has gone first, which is as well.
        }
        co_await over_.close();
    }

    void abort() noexcept override { over_.abort(); }
    void interrupt(direction d) noexcept override { stream_access::over(over_).interrupt(d); }
    std::string local_endpoint() const override { return over_.local_endpoint(); }
    std::string remote_endpoint() const override { return over_.remote_endpoint(); }
    int native_handle() const noexcept override { return over_.native_handle(); }
    const tls_info* tls() const noexcept override { return &info_; }

    bool readable_now() const noexcept override
    {
        // Session tickets make the socket readable without a word from the peer's program.
        return SSL_pending(ssl_.get()) > 0 || BIO_ctrl_pending(in_) > 0 || over_.readable_now();
    }

private:
    /// Moves ciphertext from the stream to OpenSSL. \return false at the end.
    awaitable<bool> receive()
    {
        if (over_.buffered().empty()) {
            const std::size_t count = co_await over_.fill();
            if (count == 0) co_return false;
        }
        const auto data = over_.buffered();
        BIO_write(in_, data.data(), static_cast<int>(data.size()));
        over_.consume(data.size());
        co_return true;
    }

    /// Moves ciphertext from OpenSSL to the stream.
    awaitable<void> flush()
    {
        char* data = nullptr;
        const long size = BIO_get_mem_data(out_, &data);
        if (size <= 0) co_return;
        const std::string sending(data, static_cast<std::size_t>(size));
        static_cast<void>(BIO_reset(out_));
        co_await over_.write(as_bytes(sending));
    }

    void check_writable() const
    {
        if (!broken_ && !shut_) return;
        throw connection_error(
            errc::disconnected,
            "write " + remote_endpoint() +
                (shut_ ? ": writing was shut down" : ": an earlier write was cut"),
            remote_endpoint());
    }

    [[noreturn]] void fail(const char* doing) const
    {
        throw tls_error(
            std::string{doing} + ' ' + remote_endpoint() + ": " + openssl_reason("TLS failure"),
            remote_endpoint());
    }

    [[noreturn]] void fail_handshake(bool cut);
    void note_agreement();

    stream over_;
    tls_context context_;
    ssl_ptr ssl_;
    std::string host_;
    BIO* in_ = nullptr;   ///< ciphertext from the peer; owned by ssl_
    BIO* out_ = nullptr;  ///< ciphertext to the peer; owned by ssl_
    tls_info info_;
    bool broken_ = false;
    bool shut_ = false;
};

void tls_transport::fail_handshake(bool cut)
{
    const std::string peer = remote_endpoint();
    std::string text = "TLS handshake with " + (host_.empty() ? peer : host_ + " (" + peer + ')');
    const long verified = SSL_get_verify_result(ssl_.get());
    const unsigned long code = ERR_peek_error();
    certificate_info refused;
    if (cut) {
        text += ": the peer closed the connection";
    } else if (verified != X509_V_OK && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        text += ": certificate verify failed: ";
        text += X509_verify_cert_error_string(verified);
        refused = describe_certificate(refused_certificate(ssl_.get()));
        if (!refused.der.empty()) text += shown(refused);
    } else {
        const int reason = ERR_GET_REASON(code);
        text += ": " + openssl_reason("failed");
        if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
            reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_MESSAGE) {
            text += " (the peer does not speak TLS)";
        }
    }
    ERR_clear_error();
    throw tls_error(std::move(text), peer, verified, std::move(refused.subject));
}

void tls_transport::note_agreement()
{
    info_.version = SSL_get_version(ssl_.get());
    info_.cipher = SSL_get_cipher_name(ssl_.get());
    const unsigned char* alpn = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &alpn, &size);
    if (size > 0) info_.alpn.assign(reinterpret_cast<const char*>(alpn), size);
    info_.peer = describe_certificate(SSL_get0_peer_certificate(ssl_.get()));
    info_.peer_subject = info_.peer.subject;
    info_.peer_certificate = pem_of(ssl_.get());
    info_.resumed = SSL_session_reused(ssl_.get()) == 1;
}

awaitable<stream> tls_transport::handshake(std::unique_ptr<tls_transport> self)
{
    for (;;) {
        ERR_clear_error();
        const int result = SSL_do_handshake(self->ssl_.get());
        const int why = SSL_get_error(self->ssl_.get(), result);
        if (result != 1 && why != SSL_ERROR_WANT_READ) {
            // The alert that tells the peer why is worth a try.
            std::exception_ptr failure;
            try {
                self->fail_handshake(false);
            } catch (const tls_error&) {
                failure = std::current_exception();
            }
            try {
                co_await self->flush();
            } catch (const error&) {
            }
            std::rethrow_exception(failure);
        }
        co_await self->flush();
        if (result == 1) break;
        const bool more = co_await self->receive();
        if (!more) self->fail_handshake(true);
    }
    self->note_agreement();
    try {
        self->context_.impl_->check_peer(self->ssl_.get());
    } catch (const tls_error& e) {
        const std::string& peer = self->info_.peer_subject;
        throw tls_error("TLS handshake with " + self->host_ + ": " + e.what() + " (" + peer + ')',
                        self->remote_endpoint(), X509_V_OK, peer);
    }
    co_return stream(std::move(self));
}

awaitable<stream> start_tls(stream over, tls_context with, std::string host)
{
    return tls_transport::handshake(
        std::make_unique<tls_transport>(std::move(over), std::move(with), host));
}

awaitable<stream> start_tls(stream over, tls_context with, std::string host,
                            std::vector<std::string> alpn)
{
    return tls_transport::handshake(
        std::make_unique<tls_transport>(std::move(over), std::move(with), host, alpn_wire(alpn)));
}

awaitable<stream> accept_tls(stream over, tls_context with)
{
    return tls_transport::handshake(
        std::make_unique<tls_transport>(std::move(over), std::move(with), std::string{}));
}

}  // namespace ferry::net

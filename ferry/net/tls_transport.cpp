#include "ferry/core/time.hpp"
#include "ferry/net/detail/openssl.hpp"
#include "ferry/net/detail/stream_state.hpp"
#include "ferry/net/transport.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <new>
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

    /// Sends what is taken without a wait, unless somebody else is writing.
    static std::size_t try_write(stream& s, std::span<const std::byte> from)
    {
        stream::state& state = *s.state_;
        if (state.closed || state.broken) return 0;
        const auto held = state.writing.try_acquire();
        if (!held) return 0;
        return state.over->try_write(const_buffers(&from, 1));
    }
};

/// TLS over a stream. OpenSSL takes ciphertext right from the stream's buffer, and leaves what it
/// makes in a string, which is sent by this.
class tls_transport final : public transport {
public:
    tls_transport(stream over, tls_context with, const std::string& host,
                  const std::string& alpn = {})
        : over_{std::move(over)},
          context_{std::move(with)},
          ssl_{context_.impl_->connection(host)},
          host_{host}
    {
        BIO* const both = BIO_new(bio_method());
        if (both == nullptr) throw std::bad_alloc();
        BIO_set_data(both, this);
        BIO_set_init(both, 1);
        SSL_set_bio(ssl_.get(), both, both);
        if (!alpn.empty()) {
            SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                static_cast<unsigned int>(alpn.size()));
        }
    }

    void be_anonymous() { context_.impl_->forget_identity(ssl_.get()); }

    static awaitable<stream> handshake(std::unique_ptr<tls_transport> self);

    awaitable<std::size_t> read_some(std::span<std::byte> into) override
    {
        if (into.empty()) co_return 0;
        for (;;) {
            bool ended = false;
            const std::size_t count = decrypt(into, ended);
            if (!out_.empty()) co_await flush();
            if (count > 0 || ended) co_return count;
            const std::size_t more = co_await over_.fill();
            if (more == 0) {
                throw tls_error(
                    "read " + remote_endpoint() + ": the connection was cut without a close_notify",
                    remote_endpoint());
            }
        }
    }

    awaitable<void> wait_readable() override
    {
        if (has_input()) co_return;
        co_await over_.wait_readable();
    }

    std::size_t try_read(std::span<std::byte> into) override
    {
        if (into.empty()) return 0;
        bool ended = false;
        const std::size_t count = decrypt(into, ended);
        return count > 0 || ended || over_.try_fill() == 0 ? count : decrypt(into, ended);
    }

    std::size_t try_write(const_buffers from) override
    {
        check_writable();
        // What is in the way has to go first.
        if (!out_.empty() || encrypted_ > 0) return 0;
        encrypted_ = encrypt(from);
        const std::size_t sent = stream_access::try_write(over_, as_bytes(out_));
        if (sent < out_.size()) {
            out_.erase(0, sent);
            return 0;
        }
        out_.clear();
        return std::exchange(encrypted_, 0);
    }

    awaitable<std::size_t> write_some(const_buffers from) override
    {
        check_writable();
        if (encrypted_ == 0) encrypted_ = encrypt(from);
        // The records are numbered: one that was made and not sent cannot be taken back.
        broken_ = true;
        co_await flush();
        broken_ = false;
        co_return std::exchange(encrypted_, 0);
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
        return SSL_pending(ssl_.get()) > 0 || over_.readable_now();
    }

private:
    static int bio_read(BIO* bio, char* into, int room)
    {
        auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const auto data = self.over_.buffered();
        const std::size_t count = std::min(data.size(), static_cast<std::size_t>(room));
        if (count == 0) {
            BIO_set_retry_read(bio);
            return -1;
        }
        std::memcpy(into, data.data(), count);
        self.over_.consume(count);
        return static_cast<int>(count);
    }

    static int bio_write(BIO* bio, const char* from, int count)
    {
        auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        try {
            self.out_.append(from, static_cast<std::size_t>(count));
        } catch (const std::bad_alloc&) {
            return -1;
        }
        return count;
    }

    static long bio_control(BIO*, int command, long, void*)
    {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static const BIO_METHOD* bio_method()
    {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* const made =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ferry");
            if (made == nullptr) throw std::bad_alloc();
            BIO_meth_set_read(made, &bio_read);
            BIO_meth_set_write(made, &bio_write);
            BIO_meth_set_ctrl(made, &bio_control);
            return made;
        }();
        return method;
    }

    bool has_input() const noexcept
    {
        return SSL_pending(ssl_.get()) > 0 || !over_.buffered().empty();
    }

    /// Decrypts what has arrived, as far as there is room. \param ended  close_notify came.
    std::size_t decrypt(std::span<std::byte> into, bool& ended)
    {
        std::size_t total = 0;
        while (total < into.size() && has_input()) {
            ERR_clear_error();
            std::size_t count = 0;
            const auto room = into.subspan(total);
            const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
            if (result == 1) {
                total += count;
                continue;
            }
            // An error that comes behind data is still there the next time.
            if (total > 0) break;
            const int why = SSL_get_error(ssl_.get(), result);
            if (why == SSL_ERROR_ZERO_RETURN) {
                ended = true;
                break;
            }
            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail("read");
        }
        if (total == 0 && (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) ended = true;
        return total;
    }

    /// \return how many bytes of `from` are in out_ now.
    std::size_t encrypt(const_buffers from)
    {
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
        return taken;
    }

    /// Sends what OpenSSL has made.
    awaitable<void> flush()
    {
        if (out_.empty()) co_return;
        const std::string sending = std::exchange(out_, std::string());
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
    std::string out_;            ///< ciphertext to the peer
    std::size_t encrypted_ = 0;  ///< clear bytes of a write that are in out_
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
        const std::size_t more = co_await self->over_.fill();
        if (more == 0) self->fail_handshake(true);
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

awaitable<stream> start_tls_anonymously(stream over, tls_context with, std::string host,
                                        std::vector<std::string> alpn)
{
    auto made =
        std::make_unique<tls_transport>(std::move(over), std::move(with), host, alpn_wire(alpn));
    made->be_anonymous();
    return tls_transport::handshake(std::move(made));
}

awaitable<stream> accept_tls(stream over, tls_context with)
{
    return tls_transport::handshake(
        std::make_unique<tls_transport>(std::move(over), std::move(with), std::string{}));
}

}  // namespace ferry::net

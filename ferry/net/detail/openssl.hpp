#pragma once

#include "ferry/net/tls.hpp"

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace ferry::net {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* p) const noexcept
    {
        Free(p);
    }
};
using ssl_ptr = std::unique_ptr<SSL, openssl_free<&SSL_free>>;
using ssl_context_ptr = std::unique_ptr<SSL_CTX, openssl_free<&SSL_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, openssl_free<&SSL_SESSION_free>>;
using bio_ptr = std::unique_ptr<BIO, openssl_free<&BIO_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_free<&X509_free>>;

class tls_context::impl {
public:
    explicit impl(bool is_server);

    /// A new connection. Clients: for `host`, with its last session if there is one.
    ssl_ptr connection(const std::string& host);

    /// Takes away what a new connection would show of who this is.
    static void forget_identity(SSL* ssl);

    /// A certificate that a server shows: to all, if `host` is empty.
    struct shown {
        std::string host;
        std::string chain;
        std::string key;
        ssl_context_ptr context;  ///< null for the one that is shown to all
    };

    void show(std::string host, const std::string& chain, const std::string& key);
    void reload();

    /// Replaces whom to trust; revocation lists stay.
    void trust(X509_STORE* store);
    void add_revocations(const std::string& pem);

    /// What is asked of a peer beside the chain: pins and the stapled response.
    /// \throws tls_error  without what it is about
    void check_peer(SSL* ssl) const;

    ssl_context_ptr context;
    bool server;
    std::string alpn;            ///< in the wire's format
    std::set<std::string> pins;  ///< SHA-256 of public keys, in base64
    bool wants_staple = false;

private:
    static constexpr std::size_t most_sessions = 256;

    static int keep_session(SSL* ssl, SSL_SESSION* session);
    static int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                           const unsigned char* in, unsigned int in_size, void* self);

    static int choose_certificate(SSL* ssl, int*, void* self);

    std::string revocations_;  ///< PEM
    std::mutex mutex_;         ///< the context may be shared by loops
    std::vector<shown> shown_;
    std::map<std::string, ssl_session_ptr> sessions_;
};

/// \throws tls_error  a file cannot be read, or the two do not belong together.
void load_certificate(SSL_CTX* context, const std::string& chain, const std::string& key,
                      std::string password = {});

/// Protocols in the wire's format. \throws error  a name has not 1 to 255 bytes.
std::string alpn_wire(const std::vector<std::string>& protocols);

/// What a certificate says; empty for null.
certificate_info describe_certificate(X509* certificate);

/// The certificate, of the peer's or of a signer's, for which a handshake failed; null without.
X509* refused_certificate(const SSL* ssl);

/// Appends what SSLKEYLOGFILE is for to the file that it names.
void log_keys(const SSL*, const char* line);

/// The oldest error of OpenSSL's queue as text, which is emptied; `otherwise` if there is none.
std::string openssl_reason(const char* otherwise);

}  // namespace ferry::net

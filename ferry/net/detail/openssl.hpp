#pragma once

#include "ferry/net/tls.hpp"

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

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

class tls_context::impl {
public:
    explicit impl(bool is_server);

    /// A new connection. Clients: for `host`, with its last session if there is one.
    ssl_ptr connection(const std::string& host);

    ssl_context_ptr context;
    bool server;
    std::string alpn;  ///< in the wire's format

private:
    static constexpr std::size_t most_sessions = 256;

    static int keep_session(SSL* ssl, SSL_SESSION* session);
    static int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                           const unsigned char* in, unsigned int in_size, void* self);

    std::mutex mutex_;  ///< the context may be shared by loops
    std::map<std::string, ssl_session_ptr> sessions_;
};

/// The oldest error of OpenSSL's queue as text, which is emptied; `otherwise` if there is none.
std::string openssl_reason(const char* otherwise);

}  // namespace ferry::net

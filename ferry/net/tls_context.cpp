#include "ferry/net/address.hpp"
#include "ferry/net/detail/openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <new>
#include <utility>

namespace ferry::net {
namespace {

constexpr std::size_t max_alpn_bytes = 255;

using bio_ptr = std::unique_ptr<BIO, openssl_free<&BIO_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_free<&X509_free>>;

/// Where a connection keeps the host that its session is for.
int host_index()
{
    static const int index = SSL_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* host, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<std::string*>(host);
        });
    return index;
}

}  // namespace

void load_certificate(SSL_CTX* context, const std::string& chain, const std::string& key)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, chain.c_str()) != 1) {
        throw tls_error("certificate " + chain + ": " + openssl_reason("cannot be read"));
    }
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        throw tls_error("private key " + key + ": " + openssl_reason("does not fit"));
    }
}

std::string openssl_reason(const char* otherwise)
{
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason != nullptr ? reason : otherwise;
}

tls_context::impl::impl(bool is_server)
    : context{SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())}, server{is_server}
{
    if (!context) throw std::bad_alloc();
    SSL_CTX* const c = context.get();
    SSL_CTX_set_app_data(c, this);
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (server) {
        static constexpr unsigned char id[] = "ferry";
        SSL_CTX_set_session_id_context(c, id, sizeof id - 1);
        SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_alpn_select_cb(c, &choose_alpn, this);
    } else {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_default_verify_paths(c);
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(c, &keep_session);
    }
}

ssl_ptr tls_context::impl::connection(const std::string& host)
{
    ssl_ptr ssl;
    {
        const std::lock_guard lock{mutex_};  // against reload()
        ssl.reset(SSL_new(context.get()));
    }
    if (!ssl) throw std::bad_alloc();
    if (server) {
        SSL_set_accept_state(ssl.get());
        return ssl;
    }
    SSL_set_connect_state(ssl.get());
    X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (const auto numeric = address::parse(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(verify, numeric->host().c_str());
    } else {
        SSL_set1_host(ssl.get(), host.c_str());
        // What the macro SSL_set_tlsext_host_name does, with a C cast.
        std::string name = host;
        SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    SSL_set_ex_data(ssl.get(), host_index(), new std::string(host));
    const std::lock_guard lock{mutex_};
    if (const auto known = sessions_.find(host); known != sessions_.end()) {
        SSL_set_session(ssl.get(), known->second.get());
    }
    return ssl;
}

int tls_context::impl::keep_session(SSL* ssl, SSL_SESSION* session)
{
    auto* const self = static_cast<impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const auto* const host = static_cast<std::string*>(SSL_get_ex_data(ssl, host_index()));
    if (host == nullptr) return 0;
    const std::lock_guard lock{self->mutex_};
    if (self->sessions_.size() >= most_sessions && !self->sessions_.contains(*host)) {
        self->sessions_.erase(self->sessions_.begin());
    }
    self->sessions_[*host].reset(session);
    return 1;  // the reference is ours now
}

int tls_context::impl::choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                                   const unsigned char* in, unsigned int in_size, void* self)
{
    const std::string& own = static_cast<impl*>(self)->alpn;
    unsigned char* chosen = nullptr;
    if (own.empty() ||
        SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(own.data()),
                              static_cast<unsigned int>(own.size()), in,
                              in_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

tls_context tls_context::client()
{
    return tls_context(std::make_shared<impl>(false));
}

tls_context tls_context::server(const std::string& chain, const std::string& key)
{
    tls_context result(std::make_shared<impl>(true));
    result.impl_->show({}, chain, key);
    return result;
}

tls_context& tls_context::ca_file(const std::string& path)
{
    const bio_ptr file(BIO_new_file(path.c_str(), "r"));
    if (!file) throw tls_error("CA file " + path + ": " + openssl_reason("cannot be read"));
    std::string text;
    char chunk[4096];
    for (int n = 0; (n = BIO_read(file.get(), chunk, sizeof chunk)) > 0;) {
        text.append(chunk, static_cast<std::size_t>(n));
    }
    try {
        return ca_pem(text);
    } catch (tls_error& e) {
        e.add_context("CA file " + path);
        throw;
    }
}

tls_context& tls_context::ca_pem(std::string_view text)
{
    const bio_ptr memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    std::unique_ptr<X509_STORE, openssl_free<&X509_STORE_free>> store(X509_STORE_new());
    int count = 0;
    while (const x509_ptr one{PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)}) {
        count += X509_STORE_add_cert(store.get(), one.get());
    }
    ERR_clear_error();
    if (count == 0) throw tls_error("there is no certificate in it");
    SSL_CTX* const c = impl_->context.get();
    SSL_CTX_set_cert_store(c, store.release());
    if (impl_->server) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return *this;
}

tls_context& tls_context::certificate(const std::string& chain, const std::string& key)
{
    load_certificate(impl_->context.get(), chain, key);
    return *this;
}

tls_context& tls_context::alpn(const std::vector<std::string>& protocols)
{
    std::string wire;
    for (const auto& p : protocols) {
        if (p.empty() || p.size() > max_alpn_bytes) {
            throw error(errc::out_of_range, "ALPN: a protocol's name has 1 to 255 bytes");
        }
        wire += static_cast<char>(p.size());
        wire += p;
    }
    impl_->alpn = wire;
    if (!impl_->server) {
        SSL_CTX_set_alpn_protos(impl_->context.get(),
                                reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned int>(wire.size()));
    }
    return *this;
}

tls_context& tls_context::insecure()
{
    SSL_CTX_set_verify(impl_->context.get(), SSL_VERIFY_NONE, nullptr);
    return *this;
}

bool tls_context::is_server() const noexcept
{
    return impl_->server;
}

}  // namespace ferry::net

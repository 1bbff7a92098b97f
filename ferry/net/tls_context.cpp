#include "ferry/core/base64.hpp"
#include "ferry/net/address.hpp"
#include "ferry/net/detail/openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace ferry::net {
namespace {

constexpr std::size_t max_alpn_bytes = 255;

using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<&EVP_PKEY_free>>;
using store_ptr = std::unique_ptr<X509_STORE, openssl_free<&X509_STORE_free>>;
using crl_ptr = std::unique_ptr<X509_CRL, openssl_free<&X509_CRL_free>>;
using pkcs12_ptr = std::unique_ptr<PKCS12, openssl_free<&PKCS12_free>>;
constexpr std::size_t sha256_bytes = 32;

/// Where a connection keeps the host that its session is for.
int host_index()
{
    static const int index = SSL_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* host, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<std::string*>(host);
        });
    return index;
}

/// Where a connection keeps the certificate that was refused: the SSL object itself forgets it.
int refused_index()
{
    static const int index = SSL_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
            X509_free(static_cast<X509*>(kept));
        });
    return index;
}

int note_refused(int accepted, X509_STORE_CTX* chain)
{
    if (accepted == 1) return accepted;
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    X509* const current = X509_STORE_CTX_get_current_cert(chain);
    if (current != nullptr && SSL_get_ex_data(ssl, refused_index()) == nullptr) {
        X509_up_ref(current);
        SSL_set_ex_data(ssl, refused_index(), current);
    }
    return accepted;
}

std::string read_pem(const std::string& what, const std::string& path)
{
    const bio_ptr file(BIO_new_file(path.c_str(), "r"));
    if (!file) throw tls_error(what + ' ' + path + ": " + openssl_reason("cannot be read"));
    std::string text;
    char chunk[4096];
    for (int n = 0; (n = BIO_read(file.get(), chunk, sizeof chunk)) > 0;) {
        text.append(chunk, static_cast<std::size_t>(n));
    }
    return text;
}

// Never asks a terminal, which OpenSSL would do by itself.
int give_password(char* into, int size, int, void* password)
{
    const auto& text = *static_cast<const std::string*>(password);
    const std::size_t count = std::min(text.size(), static_cast<std::size_t>(size));
    std::copy_n(text.data(), count, into);
    return static_cast<int>(count);
}

}  // namespace

void load_certificate(SSL_CTX* context, const std::string& chain, const std::string& key,
                      std::string password)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, chain.c_str()) != 1) {
        throw tls_error("certificate " + chain + ": " + openssl_reason("cannot be read"));
    }
    const std::string pem = read_pem("private key", key);
    const bio_ptr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const key_ptr own(PEM_read_bio_PrivateKey(memory.get(), nullptr, &give_password, &password));
    if (!own || SSL_CTX_use_PrivateKey(context, own.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        throw tls_error("private key " + key + ": " + openssl_reason("does not fit"));
    }
}

X509* refused_certificate(const SSL* ssl)
{
    return static_cast<X509*>(SSL_get_ex_data(ssl, refused_index()));
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
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, &note_refused);
        SSL_CTX_set_default_verify_paths(c);
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(c, &keep_session);
        if (std::getenv("SSLKEYLOGFILE") != nullptr) SSL_CTX_set_keylog_callback(c, &log_keys);
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
    if (wants_staple) {
        // What the macro SSL_set_tlsext_status_type does. A session that is taken up again comes
        // without a response.
        SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_ocsp, nullptr);
        return ssl;
    }
    const std::lock_guard lock{mutex_};
    if (const auto known = sessions_.find(host); known != sessions_.end()) {
        SSL_set_session(ssl.get(), known->second.get());
    }
    return ssl;
}

void tls_context::impl::forget_identity(SSL* ssl)
{
    SSL_certs_clear(ssl);
    SSL_set_session(ssl, nullptr);
    delete static_cast<std::string*>(SSL_get_ex_data(ssl, host_index()));
    SSL_set_ex_data(ssl, host_index(), nullptr);
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
    const std::string text = read_pem("CA file", path);
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
    store_ptr store(X509_STORE_new());
    int count = 0;
    while (const x509_ptr one{PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)}) {
        count += X509_STORE_add_cert(store.get(), one.get());
    }
    ERR_clear_error();
    if (count == 0) throw tls_error("there is no certificate in it");
    impl_->trust(store.release());
    return *this;
}

tls_context& tls_context::ca_dir(const std::string& path)
{
    store_ptr store(X509_STORE_new());
    X509_LOOKUP* const look_up = X509_STORE_add_lookup(store.get(), X509_LOOKUP_hash_dir());
    if (look_up == nullptr || X509_LOOKUP_add_dir(look_up, path.c_str(), X509_FILETYPE_PEM) != 1) {
        throw tls_error("CA directory " + path + ": " + openssl_reason("cannot be read"));
    }
    impl_->trust(store.release());
    return *this;
}

void tls_context::impl::trust(X509_STORE* store)
{
    SSL_CTX_set_cert_store(context.get(), store);
    if (!revocations_.empty()) add_revocations(std::exchange(revocations_, std::string()));
    if (server) {
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           &note_refused);
    }
}

void tls_context::impl::add_revocations(const std::string& pem)
{
    const bio_ptr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    X509_STORE* const store = SSL_CTX_get_cert_store(context.get());
    int count = 0;
    while (const crl_ptr one{PEM_read_bio_X509_CRL(memory.get(), nullptr, nullptr, nullptr)}) {
        count += X509_STORE_add_crl(store, one.get());
    }
    ERR_clear_error();
    if (count == 0) throw tls_error("there is no revocation list in it");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    revocations_ += pem;
}

tls_context& tls_context::crl_file(const std::string& path)
{
    const std::string text = read_pem("CRL file", path);
    try {
        impl_->add_revocations(text);
    } catch (tls_error& e) {
        e.add_context("CRL file " + path);
        throw;
    }
    return *this;
}

tls_context& tls_context::certificate(const std::string& chain, const std::string& key,
                                      const std::string& password)
{
    load_certificate(impl_->context.get(), chain, key, password);
    return *this;
}

tls_context& tls_context::pkcs12(const std::string& path, const std::string& password)
{
    const bio_ptr file(BIO_new_file(path.c_str(), "rb"));
    const pkcs12_ptr packed(file ? d2i_PKCS12_bio(file.get(), nullptr) : nullptr);
    if (!packed) throw tls_error("PKCS #12 file " + path + ": " + openssl_reason("is none"));
    EVP_PKEY* raw_key = nullptr;
    X509* raw_certificate = nullptr;
    STACK_OF(X509)* others = nullptr;
    const int parsed =
        PKCS12_parse(packed.get(), password.c_str(), &raw_key, &raw_certificate, &others);
    const key_ptr key(raw_key);
    const x509_ptr own(raw_certificate);
    const bool taken =
        parsed == 1 && own && key &&
        SSL_CTX_use_cert_and_key(impl_->context.get(), own.get(), key.get(), others, 1) == 1;
    sk_X509_pop_free(others, &X509_free);
    if (!taken) {
        throw tls_error("PKCS #12 file " + path + ": " + openssl_reason("has no certificate"));
    }
    return *this;
}

tls_context& tls_context::min_version(tls_version v)
{
    // What the macro SSL_CTX_set_min_proto_version does, with a C cast.
    SSL_CTX_ctrl(impl_->context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION,
                 v == tls_version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION, nullptr);
    return *this;
}

tls_context& tls_context::ciphers(std::string_view list)
{
    std::string suites;
    std::string older;
    for (std::string_view rest = list; !rest.empty();) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        std::string& to = rest.starts_with("TLS_") ? suites : older;
        if (end > 0) to.append(to.empty() ? "" : ":").append(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    SSL_CTX* const c = impl_->context.get();
    ERR_clear_error();
    const bool right = (!suites.empty() || !older.empty()) &&
                       (suites.empty() || SSL_CTX_set_ciphersuites(c, suites.c_str()) == 1) &&
                       (older.empty() || SSL_CTX_set_cipher_list(c, older.c_str()) == 1);
    if (!right) {
        throw tls_error("ciphers " + std::string(list) + ": " + openssl_reason("none is known"));
    }
    return *this;
}

tls_context& tls_context::pin_sha256(const std::vector<std::string>& keys)
{
    for (std::string_view key : keys) {
        if (key.starts_with("sha256//")) key.remove_prefix(8);
        const auto digest = base64::try_decode(key);
        if (!digest || digest->size() != sha256_bytes) {
            throw tls_error("pin " + std::string(key) + " is not a SHA-256 in base64");
        }
        impl_->pins.insert(base64::encode(*digest));
    }
    return *this;
}

tls_context& tls_context::require_staple()
{
    impl_->wants_staple = true;
    return *this;
}

std::string alpn_wire(const std::vector<std::string>& protocols)
{
    std::string wire;
    for (const auto& p : protocols) {
        if (p.empty() || p.size() > max_alpn_bytes) {
            throw error(errc::out_of_range, "ALPN: a protocol's name has 1 to 255 bytes");
        }
        wire += static_cast<char>(p.size());
        wire += p;
    }
    return wire;
}

tls_context& tls_context::alpn(const std::vector<std::string>& protocols)
{
    impl_->alpn = alpn_wire(protocols);
    if (!impl_->server) {
        SSL_CTX_set_alpn_protos(impl_->context.get(),
                                reinterpret_cast<const unsigned char*>(impl_->alpn.data()),
                                static_cast<unsigned int>(impl_->alpn.size()));
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

bool tls_context::verifies() const noexcept
{
    return SSL_CTX_get_verify_mode(impl_->context.get()) != SSL_VERIFY_NONE;
}

}  // namespace ferry::net

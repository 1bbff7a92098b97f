#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/stream.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::net {

enum class tls_version : unsigned char { tls1_2, tls1_3 };

/// The settings of TLS connections, client's or server's. A handle: copies share the settings, and
/// client connections made with them share a cache of sessions, so that a second connection to a
/// host takes up the first one's session. Change settings before the first connection only.
/// As ssl.SSLContext.
class tls_context {
public:
    /// TLS 1.2 or later; the peer's certificate is verified against the system's store (OpenSSL's,
    /// which honours SSL_CERT_FILE and SSL_CERT_DIR) and must be for the name that is connected to.
    /// If the variable SSLKEYLOGFILE is set, the session keys are appended to that file.
    /// As ssl.create_default_context().
    static tls_context client();

    /// Shows the certificates of the PEM file `chain`, its own first, signed with the PEM file
    /// `key`. \throws tls_error  a file cannot be read, or the key does not fit the certificate.
    static tls_context server(const std::string& chain, const std::string& key);

    /// Trusts the certificates of a PEM file, or of a PEM text, instead of the system's store. On a
    /// server: clients must show a certificate that one of these has signed.
    /// \throws tls_error  there is no certificate in it.
    tls_context& ca_file(const std::string& path);
    tls_context& ca_pem(std::string_view text);

    /// The same for a directory of PEM files under their hashes, as `openssl rehash` names them.
    tls_context& ca_dir(const std::string& path);

    /// Shows a certificate to servers that ask for one.
    /// \param password  of the key, if that is encrypted. \throws tls_error  as server().
    tls_context& certificate(const std::string& chain, const std::string& key,
                             const std::string& password = {});

    /// The same, with certificate, key and chain in one PKCS #12 file.
    tls_context& pkcs12(const std::string& path, const std::string& password);

    /// Nothing older is spoken; TLS 1.2 at the start. As SSLContext.minimum_version.
    tls_context& min_version(tls_version v);

    /// The ciphers to offer, by OpenSSL's names, colons between them. Names that begin with `TLS_`
    /// are for TLS 1.3, all others for TLS 1.2; a version without a name keeps its own list.
    /// \throws tls_error  none of the names is known. As SSLContext.set_ciphers.
    tls_context& ciphers(std::string_view list);

    /// Beside all else, the public key of the peer must be one of these: the SHA-256 of its
    /// SubjectPublicKeyInfo in base64, with or without curl's `sha256//` in front.
    /// \throws tls_error  a text is not such a digest. As curl's `--pinnedpubkey`.
    tls_context& pin_sha256(const std::vector<std::string>& keys);

    /// The server must staple an OCSP response that says its certificate is good.
    tls_context& require_staple();

    /// Refuses what these certificate revocation lists, in PEM, revoke. There must be one of the
    /// server certificate's issuer. \throws tls_error  there is no list in it.
    tls_context& crl_file(const std::string& path);

    /// The protocols to offer (client) or to choose from (server), the best first: `h2`, then
    /// `http/1.1`. Each has 1 to 255 bytes.
    tls_context& alpn(const std::vector<std::string>& protocols);

    /// \name Servers only
    /// @{
    /// Shows this certificate instead to clients that ask for `host` (SNI): a name, or
    /// `*.a.example` for one label in front. \throws tls_error  as server().
    tls_context& certificate_for(std::string host, const std::string& chain,
                                 const std::string& key);

    /// Clients may go without the certificate that ca_file() asks for; a wrong one is refused
    /// still.
    tls_context& client_certificate_optional();

    /// Reads the files of every certificate again, for connections from now on: what to do after a
    /// renewal. Any thread may call it while connections are made.
    /// \throws tls_error  as server(); nothing has changed then.
    void reload();
    /// @}

    /// Accepts every certificate: no protection against anybody in between. For tests.
    tls_context& insecure();

    bool is_server() const noexcept;

    /// False after insecure().
    bool verifies() const noexcept;

    friend bool operator==(const tls_context&, const tls_context&) = default;

    class impl;

private:
    friend class tls_transport;
    explicit tls_context(std::shared_ptr<impl> i) noexcept : impl_{std::move(i)} {}
    std::shared_ptr<impl> impl_;
};

static_assert(awaitable_argument<tls_context>);

/// Makes the TLS handshake as the client, over any stream, and returns the stream inside. Bytes
/// that the old stream has buffered belong to TLS: none is lost, and none passes as clear text.
///
///     s = co_await net::start_tls(std::move(s), net::tls_context::client(), "mail.local");
///
/// The end of the new stream is the peer's close_notify. A connection that is cut without it throws
/// tls_error instead of passing for the end.
/// \param host  the name to ask for (SNI) and to check, or an address to check.
/// \throws tls_error  what() has the reason: self-signed certificate, certificate has expired,
///         hostname mismatch..., or that the peer does not speak TLS; verify_result() is OpenSSL's.
/// Cancelled or failed: the connection is closed. Time limits of the stream apply.
awaitable<stream> start_tls(stream over, tls_context with, std::string host);

/// The same, but offers these protocols, the best first, instead of the context's.
awaitable<stream> start_tls(stream over, tls_context with, std::string host,
                            std::vector<std::string> alpn);

/// The same, and shows none of the context's certificates, whatever the server asks for; nothing is
/// taken up from, or left for, other connections.
awaitable<stream> start_tls_anonymously(stream over, tls_context with, std::string host,
                                        std::vector<std::string> alpn);

/// The same as the server.
awaitable<stream> accept_tls(stream over, tls_context with);

}  // namespace ferry::net

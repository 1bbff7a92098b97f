// What is known, and asked, of a TLS peer beside its chain of certificates.
#include "ferry/core/base64.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/time.hpp"
#include "ferry/net/address.hpp"
#include "ferry/net/detail/openssl.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>

namespace ferry::net {
namespace {

using general_names_ptr = std::unique_ptr<GENERAL_NAMES, openssl_free<&GENERAL_NAMES_free>>;
using ocsp_response_ptr = std::unique_ptr<OCSP_RESPONSE, openssl_free<&OCSP_RESPONSE_free>>;
using ocsp_basic_ptr = std::unique_ptr<OCSP_BASICRESP, openssl_free<&OCSP_BASICRESP_free>>;
using ocsp_id_ptr = std::unique_ptr<OCSP_CERTID, openssl_free<&OCSP_CERTID_free>>;

constexpr long allowed_clock_skew_seconds = 300;

std::string one_line(const X509_NAME* name)
{
    const bio_ptr text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_ONELINE);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

std::chrono::sys_seconds moment(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string text_of(const GENERAL_NAME* name)
{
    int kind = 0;
    const void* const value = GENERAL_NAME_get0_value(name, &kind);
    if (kind == GEN_DNS) {
        const auto* const text = static_cast<const ASN1_STRING*>(value);
        return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<std::size_t>(ASN1_STRING_length(text))};
    }
    if (kind != GEN_IPADD) return {};
    const auto* const raw = static_cast<const ASN1_STRING*>(value);
    const int family = ASN1_STRING_length(raw) == 4 ? AF_INET : AF_INET6;
    std::array<char, INET6_ADDRSTRLEN> shown{};
    if (family == AF_INET6 && ASN1_STRING_length(raw) != 16) return {};
    ::inet_ntop(family, ASN1_STRING_get0_data(raw), shown.data(), shown.size());
    return shown.data();
}

std::vector<std::string> names_of(const X509* certificate)
{
    const general_names_ptr all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::vector<std::string> names;
    const int count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
    for (int i = 0; i < count; ++i) {
        std::string text = text_of(sk_GENERAL_NAME_value(all.get(), i));
        if (!text.empty()) names.push_back(std::move(text));
    }
    return names;
}

// The SHA-256 of the SubjectPublicKeyInfo.
std::string key_digest(const X509* certificate)
{
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) return {};
    std::array<std::byte, 32> digest{};
    EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()),
               nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    return base64::encode(digest);
}

// Why the stapled response does not do; empty if it says that the certificate is good.
std::string staple_fault(SSL* ssl, X509_STORE* trusted)
{
    unsigned char* raw = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &raw);
    if (raw == nullptr || size <= 0) return "the server stapled no OCSP response";
    const unsigned char* at = raw;
    const ocsp_response_ptr response(d2i_OCSP_RESPONSE(nullptr, &at, size));
    if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return "the stapled OCSP response is no answer";
    }
    const ocsp_basic_ptr basic(OCSP_response_get1_basic(response.get()));
    STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
    if (!basic || chain == nullptr || sk_X509_num(chain) < 2) {
        return "the stapled OCSP response cannot be checked";
    }
    if (OCSP_basic_verify(basic.get(), chain, trusted, 0) != 1) {
        return "the stapled OCSP response is not signed by the issuer";
    }
    const ocsp_id_ptr id(
        OCSP_cert_to_id(EVP_sha1(), sk_X509_value(chain, 0), sk_X509_value(chain, 1)));
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    ASN1_GENERALIZEDTIME* from = nullptr;
    ASN1_GENERALIZEDTIME* to = nullptr;
    if (OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, &from, &to) != 1) {
        return "the stapled OCSP response is about another certificate";
    }
    if (OCSP_check_validity(from, to, allowed_clock_skew_seconds, -1) != 1) {
        return "the stapled OCSP response is out of date";
    }
    if (status == V_OCSP_CERTSTATUS_GOOD) return {};
    return std::string("the stapled OCSP response says: ") + OCSP_cert_status_str(status);
}

}  // namespace

certificate_info describe_certificate(X509* certificate)
{
    certificate_info shown;
    if (certificate == nullptr) return shown;
    shown.subject = one_line(X509_get_subject_name(certificate));
    shown.issuer = one_line(X509_get_issuer_name(certificate));
    shown.names = names_of(certificate);
    shown.not_before = moment(X509_get0_notBefore(certificate));
    shown.not_after = moment(X509_get0_notAfter(certificate));
    unsigned char* der = nullptr;
    if (const int size = i2d_X509(certificate, &der); size > 0) {
        shown.der = to_bytes(
            std::as_bytes(std::span<const unsigned char>(der, static_cast<std::size_t>(size))));
        OPENSSL_free(der);
    }
    shown.key_sha256 = key_digest(certificate);
    return shown;
}

void tls_context::impl::check_peer(SSL* ssl) const
{
    const X509* const certificate = SSL_get0_peer_certificate(ssl);
    if (!pins.empty()) {
        const std::string key = certificate == nullptr ? std::string() : key_digest(certificate);
        if (!pins.contains(key)) {
            throw tls_error("the server's public key sha256//" + key + " is not a pinned one");
        }
    }
    if (wants_staple) {
        ERR_clear_error();
        const std::string fault = staple_fault(ssl, SSL_CTX_get_cert_store(context.get()));
        ERR_clear_error();
        if (!fault.empty()) throw tls_error(fault);
    }
}

void log_keys(const SSL*, const char* line)
{
    const char* const path = std::getenv("SSLKEYLOGFILE");
    if (path == nullptr || *path == '\0') return;
    const int file = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    // In one piece: other connections and programs may write to the same file.
    const std::string whole = std::string(line) + '\n';
    static_cast<void>(!::write(file, whole.data(), whole.size()));
    ::close(file);
}

}  // namespace ferry::net

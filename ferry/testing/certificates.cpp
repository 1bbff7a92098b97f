#include "ferry/testing/certificates.hpp"

#include "ferry/core/error.hpp"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <utility>

namespace ferry::testing {
namespace {

template <auto Free>
struct release {
    template <class T>
    void operator()(T* p) const noexcept
    {
        Free(p);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, release<&EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, release<&X509_free>>;
using crl_ptr = std::unique_ptr<X509_CRL, release<&X509_CRL_free>>;
using time_ptr = std::unique_ptr<ASN1_TIME, release<&ASN1_TIME_free>>;
using file_ptr = std::unique_ptr<std::FILE, release<&std::fclose>>;

constexpr long hour_seconds = 3600;

key_ptr new_key()
{
    char curve[] = "P-256";
    return key_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}

void add_extension(X509* to, X509* issuer, int nid, const std::string& text)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, release<&X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str()));
    if (!extension) throw error(errc::malformed, "certificate extension " + text);
    X509_add_ext(to, extension.get(), -1);
}

x509_ptr read_certificate(const identity& from)
{
    const file_ptr file(std::fopen(from.chain.c_str(), "r"));
    return x509_ptr(file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

time_ptr from_now(long seconds)
{
    return time_ptr(X509_gmtime_adj(nullptr, seconds));
}

std::string alternative_names(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& n : names) {
        if (!text.empty()) text += ',';
        const bool is_address = n.find_first_not_of("0123456789.:") == n.npos;
        text += (is_address ? "IP:" : "DNS:") + n;
    }
    return text;
}

}  // namespace

class certificate_authority::impl {
public:
    explicit impl(std::string f) : folder{std::move(f)} {}

    x509_ptr make(const std::string& name, EVP_PKEY* key, const std::vector<std::string>& names,
                  std::chrono::hours valid_until, X509* issuer, EVP_PKEY* signer)
    {
        x509_ptr x(X509_new());
        X509_set_version(x.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x.get()), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(x.get()), -48 * hour_seconds);
        X509_gmtime_adj(X509_getm_notAfter(x.get()), valid_until.count() * hour_seconds);
        X509_set_pubkey(x.get(), key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x.get()), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509* const by = issuer != nullptr ? issuer : x.get();
        X509_set_issuer_name(x.get(), X509_get_subject_name(by));
        if (names.empty()) {
            add_extension(x.get(), by, NID_basic_constraints, "critical,CA:TRUE");
            add_extension(x.get(), by, NID_key_usage, "critical,keyCertSign,cRLSign");
        } else {
            add_extension(x.get(), by, NID_basic_constraints, "CA:FALSE");
            add_extension(x.get(), by, NID_subject_alt_name, alternative_names(names));
        }
        add_extension(x.get(), by, NID_subject_key_identifier, "hash");
        add_extension(x.get(), by, NID_authority_key_identifier, "keyid:always");
        if (X509_sign(x.get(), signer, EVP_sha256()) == 0) {
            throw error(errc::crypto, "the test certificate cannot be signed");
        }
        return x;
    }

    identity write(X509* x, EVP_PKEY* key)
    {
        const std::string base = folder + "/cert" + std::to_string(serial);
        identity files(base + ".pem", base + ".key");
        const file_ptr chain(std::fopen(files.chain.c_str(), "w"));
        const file_ptr secret(std::fopen(files.key.c_str(), "w"));
        if (!chain || !secret) throw error(errc::not_found, folder + " cannot be written to");
        PEM_write_X509(chain.get(), x);
        PEM_write_PKCS8PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
        return files;
    }

    std::string folder;
    long serial = 0;
    key_ptr own_key = new_key();
    x509_ptr own;
};

certificate_authority::certificate_authority(std::string folder, const std::string& name)
    : impl_{std::make_unique<impl>(std::move(folder))}
{
    EVP_PKEY* const key = impl_->own_key.get();
    impl_->own = impl_->make(name, key, {}, std::chrono::hours{48}, nullptr, key);
    ca_file_ = impl_->write(impl_->own.get(), key).chain;
}

certificate_authority::~certificate_authority() = default;

identity certificate_authority::issue(const std::vector<std::string>& names,
                                      std::chrono::hours valid_until)
{
    const key_ptr key = new_key();
    const auto x = impl_->make(names.at(0), key.get(), names, valid_until, impl_->own.get(),
                               impl_->own_key.get());
    return impl_->write(x.get(), key.get());
}

identity certificate_authority::self_signed(const std::vector<std::string>& names)
{
    const key_ptr key = new_key();
    const auto x =
        impl_->make(names.at(0), key.get(), names, std::chrono::hours{24}, nullptr, key.get());
    return impl_->write(x.get(), key.get());
}

std::string certificate_authority::revoke(const std::vector<identity>& revoked)
{
    const crl_ptr list(X509_CRL_new());
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(impl_->own.get()));
    X509_CRL_set1_lastUpdate(list.get(), from_now(-hour_seconds).get());
    X509_CRL_set1_nextUpdate(list.get(), from_now(hour_seconds).get());
    for (const identity& one : revoked) {
        const x509_ptr x = read_certificate(one);
        X509_REVOKED* const entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(x.get()));
        X509_REVOKED_set_revocationDate(entry, from_now(-hour_seconds).get());
        X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    X509_CRL_sign(list.get(), impl_->own_key.get(), EVP_sha256());
    const std::string path = impl_->folder + "/list" + std::to_string(++impl_->serial) + ".crl";
    const file_ptr file(std::fopen(path.c_str(), "w"));
    PEM_write_X509_CRL(file.get(), list.get());
    return path;
}

std::string certificate_authority::ocsp_response(const identity& about, bool good)
{
    const x509_ptr x = read_certificate(about);
    std::unique_ptr<OCSP_BASICRESP, release<&OCSP_BASICRESP_free>> basic(OCSP_BASICRESP_new());
    const std::unique_ptr<OCSP_CERTID, release<&OCSP_CERTID_free>> id(
        OCSP_cert_to_id(EVP_sha1(), x.get(), impl_->own.get()));
    OCSP_basic_add1_status(
        basic.get(), id.get(), good ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_REVOKED,
        OCSP_REVOKED_STATUS_NOSTATUS, good ? nullptr : from_now(-hour_seconds).get(),
        from_now(-hour_seconds).get(), from_now(hour_seconds).get());
    OCSP_basic_sign(basic.get(), impl_->own.get(), impl_->own_key.get(), EVP_sha256(), nullptr, 0);
    const std::unique_ptr<OCSP_RESPONSE, release<&OCSP_RESPONSE_free>> response(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &der);
    const std::string path = impl_->folder + "/ocsp" + std::to_string(++impl_->serial) + ".der";
    const file_ptr file(std::fopen(path.c_str(), "w"));
    std::fwrite(der, 1, static_cast<std::size_t>(size), file.get());
    OPENSSL_free(der);
    return path;
}

}  // namespace ferry::testing

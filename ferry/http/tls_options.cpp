#include "ferry/http/tls_options.hpp"

#include "ferry/http/session_options.hpp"

#include <filesystem>

namespace ferry::http {

void tls_option::apply_to(session_options& to) const
{
    to.tls.steps.push_back(step_);
    to.tls.names_trust = to.tls.names_trust || step_.about == tls_settings::topic::trust;
    to.tls.names_identity = to.tls.names_identity || step_.about == tls_settings::topic::identity;
}

void tls::apply_to(session_options& to) const
{
    to.tls.context = context_;
}

tls_option verify(std::string path)
{
    return {[path = std::move(path)](net::tls_context& c) {
                std::error_code ignored;
                if (std::filesystem::is_directory(path, ignored)) {
                    c.ca_dir(path);
                } else {
                    c.ca_file(path);
                }
            },
            tls_settings::topic::trust};
}

tls_option ca_pem(std::string text)
{
    return {[text = std::move(text)](net::tls_context& c) { c.ca_pem(text); },
            tls_settings::topic::trust};
}

tls_option cert(std::string chain, std::string key, std::string password)
{
    return {[chain = std::move(chain), key = std::move(key), password = std::move(password)](
                net::tls_context& c) { c.certificate(chain, key, password); },
            tls_settings::topic::identity};
}

tls_option pkcs12(std::string path, std::string password)
{
    return {[path = std::move(path), password = std::move(password)](net::tls_context& c) {
                c.pkcs12(path, password);
            },
            tls_settings::topic::identity};
}

tls_option min_tls(net::tls_version version)
{
    return {[version](net::tls_context& c) { c.min_version(version); },
            tls_settings::topic::speech};
}

tls_option ciphers(std::string list)
{
    return {[list = std::move(list)](net::tls_context& c) { c.ciphers(list); },
            tls_settings::topic::speech};
}

tls_option require_staple()
{
    return {[](net::tls_context& c) { c.require_staple(); }, tls_settings::topic::speech};
}

tls_option crl_file(std::string path)
{
    return {[path = std::move(path)](net::tls_context& c) { c.crl_file(path); },
            tls_settings::topic::speech};
}

}  // namespace ferry::http

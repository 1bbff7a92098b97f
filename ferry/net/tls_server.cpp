#include "ferry/net/detail/openssl.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <new>
#include <utility>

namespace ferry::net {
namespace {

bool matches(std::string_view pattern, std::string_view name) noexcept
{
    if (pattern.starts_with("*.")) {
        const std::size_t dot = name.find('.');
        return dot != 0 && dot != std::string_view::npos && name.substr(dot) == pattern.substr(1);
    }
    return pattern == name;
}

std::string lowered(std::string_view name)
{
    std::string low(name);
    std::ranges::transform(low, low.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    if (low.ends_with('.')) low.pop_back();
    return low;
}

// The context of one more name: it lends its certificate, all other settings are the first one's.
ssl_context_ptr context_with(const std::string& chain, const std::string& key)
{
    ssl_context_ptr context(SSL_CTX_new(TLS_server_method()));
    if (!context) throw std::bad_alloc();
    static constexpr unsigned char id[] = "ferry";
    SSL_CTX_set_session_id_context(context.get(), id, sizeof id - 1);
    load_certificate(context.get(), chain, key);
    return context;
}

}  // namespace

int tls_context::impl::choose_certificate(SSL* ssl, int*, void* self)
{
    const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
    const std::string name = lowered(asked);
    auto& of = *static_cast<impl*>(self);
    const std::lock_guard lock{of.mutex_};
    for (const shown& s : of.shown_) {
        if (!s.context || !matches(s.host, name)) continue;
        SSL_set_SSL_CTX(ssl, s.context.get());
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

void tls_context::impl::show(std::string host, const std::string& chain, const std::string& key)
{
    if (host.empty()) {
        load_certificate(context.get(), chain, key);
        std::erase_if(shown_, [](const shown& s) { return s.host.empty(); });
        shown_.push_back({{}, chain, key, nullptr});
        return;
    }
    auto own = context_with(chain, key);
    const std::lock_guard lock{mutex_};
    shown_.push_back({lowered(host), chain, key, std::move(own)});
    // What the macros do, with C casts.
    SSL_CTX_callback_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&choose_certificate));
    SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, this);
}

void tls_context::impl::reload()
{
    std::vector<ssl_context_ptr> fresh;
    for (const shown& s : shown_) fresh.push_back(context_with(s.chain, s.key));
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < shown_.size(); ++i) {
        if (shown_[i].context) {
            shown_[i].context = std::move(fresh[i]);
        } else {
            load_certificate(context.get(), shown_[i].chain, shown_[i].key);
        }
    }
}

tls_context& tls_context::certificate_for(std::string host, const std::string& chain,
                                          const std::string& key)
{
    impl_->show(std::move(host), chain, key);
    return *this;
}

tls_context& tls_context::client_certificate_optional()
{
    SSL_CTX_set_verify(impl_->context.get(), SSL_VERIFY_PEER, nullptr);
    return *this;
}

void tls_context::reload()
{
    impl_->reload();
}

}  // namespace ferry::net

#include "ferry/http/session_options.hpp"

namespace ferry::http {
namespace {

net::tls_context& context_of(session_options& options)
{
    if (!options.tls) options.tls = net::tls_context::client();
    return *options.tls;
}

}  // namespace

void limits::apply_to(session_options& to) const
{
    to.limits = *this;
}

void verify::apply_to(session_options& to) const
{
    if (!ca_file_.empty()) context_of(to).ca_file(ca_file_);
    if (!on_) context_of(to).insecure();
}

void cert::apply_to(session_options& to) const
{
    context_of(to).certificate(chain_, key_);
}

}  // namespace ferry::http

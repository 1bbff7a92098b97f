#include "ferry/net/service_url.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/percent.hpp"

namespace ferry::net {
namespace {

constexpr double longest_seconds = 1e9;

// What is before the first of `marks`; the rest is taken off, with the mark.
std::string_view take_until(std::string_view& text, std::string_view mark)
{
    const std::size_t at = text.find(mark);
    const std::string_view before = text.substr(0, at);
    text = at == text.npos ? std::string_view() : text.substr(at + mark.size());
    return before;
}

}  // namespace

service_url::service_url(std::string_view kind, std::string_view text) : kind_{kind}
{
    if (text.find("://") == text.npos) fail("it must begin with a scheme and ://");
    scheme_ = take_until(text, "://");
    hosts_ = take_until(text, "?");
    query_ = text;
    if (const std::size_t slash = hosts_.find('/'); slash != hosts_.npos) {
        path_ = hosts_.substr(slash);
        hosts_ = hosts_.substr(0, slash);
    }
    if (const std::size_t at = hosts_.rfind('@'); at != hosts_.npos) {
        login_ = hosts_.substr(0, at);
        hosts_.remove_prefix(at + 1);
    }
}

service_url service_url::with_path_of(const service_url& other) const noexcept
{
    service_url made = *this;
    made.path_ = other.path_;
    made.query_ = other.query_;
    return made;
}

endpoint service_url::endpoint_of(std::string_view host, std::uint16_t otherwise) const
{
    std::uint16_t port = otherwise;
    std::size_t colon = host.rfind(':');
    std::size_t end = colon;
    if (host.starts_with('[')) {
        const std::size_t close = host.find(']');
        if (close == host.npos) fail("'[' without ']'");
        end = close + 1;
        if (end != host.size() && host[end] != ':') fail("something behind ']'");
        colon = end == host.size() ? host.npos : end;
    }
    if (colon != host.npos) port = number<std::uint16_t>("the port", host.substr(colon + 1));
    host = host.substr(0, end);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return tcp(host.empty() ? "localhost" : percent::decode(host), port);
}

std::chrono::milliseconds service_url::seconds(std::string_view name, std::string_view text) const
{
    const auto s = number<double>(name, text);
    if (!(s >= 0 && s <= longest_seconds)) fail_number(name, text);
    return std::chrono::milliseconds(static_cast<std::int64_t>(s * 1000));
}

void service_url::fail(std::string_view why) const
{
    std::string text(kind_);
    text += ": ";
    text += why;
    throw parse_error(errc::malformed, text, {});
}

void service_url::fail_number(std::string_view name, std::string_view text) const
{
    std::string why(name);
    why += " is no number: '";
    why += text;
    why += '\'';
    fail(why);
}

tls_context tls_parameters::context() const
{
    auto made = tls_context::client();
    if (!ca_file.empty()) made.ca_file(ca_file);
    if (!certificate.empty()) {
        made.certificate(certificate, key.empty() ? certificate : key, key_password);
    }
    if (!verify) made.insecure();
    return made;
}

}  // namespace ferry::net

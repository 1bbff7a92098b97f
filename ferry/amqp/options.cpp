#include "ferry/amqp/options.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/url_query.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ferry::amqp {
namespace {

[[noreturn]] void throw_bad(std::string_view what)
{
    throw parse_error(ferry::errc::malformed, fmt::format("AMQP URL: {}", what), {});
}

template <class T>
T number(std::string_view name, std::string_view text)
{
    T value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size()) {
        throw_bad(fmt::format("{} is no number: '{}'", name, text));
    }
    return value;
}

std::chrono::milliseconds seconds(std::string_view name, std::string_view text)
{
    return std::chrono::milliseconds(static_cast<std::int64_t>(number<double>(name, text) * 1000));
}

net::endpoint endpoint_of(std::string_view text, std::uint16_t port)
{
    std::size_t colon = text.rfind(':');
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos) throw_bad("'[' without ']'");
        if (colon != text.npos && colon < close) colon = text.npos;
    }
    if (colon != text.npos) {
        port = number<std::uint16_t>("the port", text.substr(colon + 1));
        text = text.substr(0, colon);
    }
    if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
    return net::tcp(text.empty() ? "localhost" : percent::decode(text), port);
}

struct tls_settings {
    bool verify = true;
    std::string ca;
    std::string chain;
    std::string key;
    std::string server_name;

    net::tls_context context() const
    {
        auto made = net::tls_context::client();
        if (!ca.empty()) made.ca_file(ca);
        if (!chain.empty()) made.certificate(chain, key.empty() ? chain : key);
        if (!verify) made.insecure();
        return made;
    }
};

void set_parameter(options& to, tls_settings& tls, const std::string& name,
                   const std::string& value)
{
    if (name == "heartbeat") {
        to.heartbeat(std::chrono::seconds(number<std::uint16_t>(name, value)));
    } else if (name == "connection_attempts") {
        to.attempts(number<int>(name, value), to.retry_delay());
    } else if (name == "retry_delay") {
        to.attempts(to.attempts(), seconds(name, value));
    } else if (name == "socket_timeout") {
        to.timeout(seconds(name, value));
    } else if (name == "connection_timeout") {
        to.timeout(std::chrono::milliseconds(number<int>(name, value)));
    } else if (name == "blocked_connection_timeout") {
        to.blocked_timeout(seconds(name, value));
    } else if (name == "channel_max") {
        to.channel_max(number<std::uint16_t>(name, value));
    } else if (name == "frame_max") {
        to.frame_max(number<std::uint32_t>(name, value));
    } else if (name == "connection_name") {
        to.connection_name(value);
    } else if (name == "cacertfile") {
        tls.ca = value;
    } else if (name == "certfile") {
        tls.chain = value;
    } else if (name == "keyfile") {
        tls.key = value;
    } else if (name == "server_name_indication") {
        tls.server_name = value;
    } else if (name == "verify") {
        if (value != "verify_peer" && value != "verify_none") {
            throw_bad("verify is verify_peer or verify_none");
        }
        tls.verify = value == "verify_peer";
    } else if (name == "auth_mechanism") {
        if (value == "external" || value == "EXTERNAL") to.external();
    } else {
        throw_bad(fmt::format("unknown parameter '{}'", name));
    }
}

}  // namespace

options options::from_url(std::string_view url)
{
    options made;
    const bool secure = url.starts_with("amqps://");
    if (!secure && !url.starts_with("amqp://")) {
        throw_bad("it must begin with amqp:// or amqps://");
    }
    url.remove_prefix(secure ? 8 : 7);
    std::string_view query;
    if (const auto at = url.find('?'); at != url.npos) {
        query = url.substr(at + 1);
        url = url.substr(0, at);
    }
    if (const auto slash = url.find('/'); slash != url.npos) {
        const std::string name = percent::decode(url.substr(slash + 1));
        if (!name.empty()) made.vhost(name);
        url = url.substr(0, slash);
    }
    if (const auto at = url.rfind('@'); at != url.npos) {
        const std::string_view login = url.substr(0, at);
        const auto colon = login.find(':');
        made.login(
            percent::decode(login.substr(0, colon)),
            colon == login.npos ? made.password() : percent::decode(login.substr(colon + 1)));
        url.remove_prefix(at + 1);
    }
    std::vector<net::endpoint> hosts;
    do {
        const auto comma = std::min(url.find(','), url.size());
        hosts.push_back(endpoint_of(url.substr(0, comma), secure ? 5671 : 5672));
        url.remove_prefix(std::min(comma + 1, url.size()));
    } while (!url.empty());
    made.hosts(std::move(hosts));

    tls_settings tls;
    for (const auto& [name, value] : query_pairs::parse(query)) {
        set_parameter(made, tls, name, value);
    }
    if (secure) made.tls(tls.context(), tls.server_name);
    return made;
}

}  // namespace ferry::amqp

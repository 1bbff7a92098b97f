#include "ferry/amqp/options.hpp"

#include "ferry/amqp/detail/python_literal.hpp"
#include "ferry/core/percent.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/net/service_url.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

namespace ferry::amqp {
namespace {

// What a URL says, while it is read.
struct settings {
    const net::service_url& url;
    net::tls_parameters tls;
    std::string server_name;
    std::vector<std::string> mechanisms;
};

// pika's `tcp_options`.
std::vector<std::pair<int, int>> tcp_options_of(const net::service_url& url, const value& table)
{
    std::vector<std::pair<int, int>> all;
    for (const auto& [name, v] : table.items()) {
        const int number = name == "TCP_KEEPIDLE"       ? TCP_KEEPIDLE
                           : name == "TCP_KEEPINTVL"    ? TCP_KEEPINTVL
                           : name == "TCP_KEEPCNT"      ? TCP_KEEPCNT
                           : name == "TCP_USER_TIMEOUT" ? TCP_USER_TIMEOUT
                                                        : 0;
        if (number == 0) url.fail(fmt::format("unknown TCP option '{}'", name));
        all.emplace_back(number, v.as<int>());
    }
    return all;
}

// pika's `ssl_options`.
void set_tls(settings& all, const value& table)
{
    for (const auto& [name, v] : table.items()) {
        if (name == "certfile") {
            all.tls.certificate = v.as<std::string>();
        } else if (name == "keyfile") {
            all.tls.key = v.as<std::string>();
        } else if (name == "ca_certs" || name == "cafile") {
            all.tls.ca_file = v.as<std::string>();
        } else if (name == "cert_reqs") {
            all.tls.verify = v.as<int>() != 0;  // ssl.CERT_NONE
        } else if (name == "server_hostname") {
            all.server_name = v.as<std::string>();
        } else {
            all.url.fail(fmt::format("unknown TLS option '{}'", name));
        }
    }
}

void set_parameter(options& to, settings& all, const std::string& name, const std::string& value)
{
    const net::service_url& url = all.url;
    if (name == "heartbeat") {
        to.heartbeat(std::chrono::seconds(url.number<std::uint16_t>(name, value)));
    } else if (name == "connection_attempts") {
        to.attempts(url.number<int>(name, value), to.retry_delay());
    } else if (name == "retry_delay") {
        to.attempts(to.attempts(), url.seconds(name, value));
    } else if (name == "locale") {
        if (value != "en_US") url.fail("RabbitMQ's only locale is en_US");
    } else if (name == "client_properties") {
        to.client_properties(detail::parse_python_dictionary(value));
    } else if (name == "tcp_options") {
        to.tcp_options(tcp_options_of(url, detail::parse_python_dictionary(value)));
    } else if (name == "ssl_options") {
        set_tls(all, detail::parse_python_dictionary(value));
    } else if (name == "socket_timeout" || name == "stack_timeout") {
        to.timeout(url.seconds(name, value));
    } else if (name == "connection_timeout") {
        to.timeout(std::chrono::milliseconds(url.number<int>(name, value)));
    } else if (name == "blocked_connection_timeout") {
        to.blocked_timeout(url.seconds(name, value));
    } else if (name == "confirm_timeout") {
        to.confirm_timeout(url.seconds(name, value));
    } else if (name == "channel_max") {
        to.channel_max(url.number<std::uint16_t>(name, value));
    } else if (name == "frame_max") {
        to.frame_max(url.number<std::uint32_t>(name, value));
    } else if (name == "connection_name") {
        to.connection_name(value);
    } else if (name == "cacertfile") {
        all.tls.ca_file = value;
    } else if (name == "certfile") {
        all.tls.certificate = value;
    } else if (name == "keyfile") {
        all.tls.key = value;
    } else if (name == "password") {
        all.tls.key_password = value;
    } else if (name == "server_name_indication") {
        all.server_name = value;
    } else if (name == "verify") {
        if (value != "verify_peer" && value != "verify_none") {
            url.fail("verify is verify_peer or verify_none");
        }
        all.tls.verify = value == "verify_peer";
    } else if (name == "auth_mechanism") {
        std::string upper = value;
        std::ranges::transform(upper, upper.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        all.mechanisms.push_back(std::move(upper));
    } else {
        url.fail(fmt::format("unknown parameter '{}'", name));
    }
}

}  // namespace

options options::from_url(std::string_view text)
{
    const net::service_url url("AMQP URL", text);
    const bool secure = url.scheme() == "amqps";
    if (!secure && url.scheme() != "amqp") url.fail("it must begin with amqp:// or amqps://");
    options made;
    if (const std::string_view path = url.path(); path.size() > 1) {
        const std::string name = percent::decode(path.substr(1));
        made.vhost(name);
    }
    if (const std::string_view login = url.login(); !login.empty()) {
        const auto colon = login.find(':');
        made.login(
            percent::decode(login.substr(0, colon)),
            colon == login.npos ? made.password() : percent::decode(login.substr(colon + 1)));
    }
    std::vector<net::endpoint> hosts;
    std::string_view rest = url.hosts();
    do {
        const auto comma = std::min(rest.find(','), rest.size());
        hosts.push_back(url.endpoint_of(rest.substr(0, comma), secure ? 5671 : 5672));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    } while (!rest.empty());
    made.hosts(std::move(hosts));

    settings all{url, {}, {}, {}};
    for (const auto& [name, value] : query_pairs::parse(url.query())) {
        set_parameter(made, all, name, value);
    }
    if (!all.mechanisms.empty()) made.mechanisms(std::move(all.mechanisms));
    if (secure) made.tls(all.tls.context(), all.server_name);
    return made;
}

}  // namespace ferry::amqp

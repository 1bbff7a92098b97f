#include "ferry/redis/options.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/net/service_url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::redis {
namespace {

constexpr std::string_view kind = "Redis URL";
constexpr std::uint16_t default_port = 6379;
constexpr std::uint16_t default_sentinel_port = 26379;

// kombu joins several URLs by semicolons; what counts is the first one's, and every host.
std::vector<net::endpoint> sentinels_of(const net::service_url& url, std::string_view hosts)
{
    std::vector<net::endpoint> all;
    while (!hosts.empty()) {
        const std::size_t end = std::min(hosts.find_first_of(",;"), hosts.size());
        std::string_view one = hosts.substr(0, end);
        if (const std::size_t at = one.find("://"); at != one.npos) one.remove_prefix(at + 3);
        if (const std::size_t at = one.rfind('@'); at != one.npos) one.remove_prefix(at + 1);
        one = one.substr(0, one.find('/'));
        if (!one.empty()) all.push_back(url.endpoint_of(one, default_sentinel_port));
        hosts.remove_prefix(std::min(end + 1, hosts.size()));
    }
    if (all.empty()) url.fail("no sentinel is named");
    return all;
}

void set_db(options& to, const net::service_url& url, std::string_view text)
{
    if (text.starts_with('/')) text.remove_prefix(1);
    if (!text.empty()) to.db(url.number<int>("the database", text));
}

// What a URL says, while it is read.
struct settings {
    const net::service_url& url;
    net::tls_parameters tls;
    std::string service;
    std::string sentinel_user;
    std::string sentinel_password;
};

void set_parameter(options& to, settings& all, const std::string& name, const std::string& value)
{
    const net::service_url& url = all.url;
    if (name == "db" || name == "virtual_host") return set_db(to, url, value);
    if (name == "protocol") {
        const int version = url.number<int>(name, value);
        if (version != 2 && version != 3) url.fail("protocol must be 2 or 3");
        to.protocol(version);
    } else if (name == "client_name") {
        to.client_name(value);
    } else if (name == "socket_timeout") {
        to.timeout(url.seconds(name, value));
    } else if (name == "socket_connect_timeout") {
        to.connect_timeout(url.seconds(name, value));
    } else if (name == "health_check_interval") {
        to.health_check_interval(url.seconds(name, value));
    } else if (name == "max_connections") {
        to.max_connections(url.number<std::size_t>(name, value));
    } else if (name == "ssl_cert_reqs") {
        // kombu writes the names of Python's constants.
        all.tls.verify = value != "none" && value != "CERT_NONE";
    } else if (name == "ssl_check_hostname") {
        if (value != "true" && value != "True") url.fail("ssl_check_hostname can only be true");
    } else if (name == "ssl_ca_certs") {
        all.tls.ca_file = value;
    } else if (name == "ssl_certfile") {
        all.tls.certificate = value;
    } else if (name == "ssl_keyfile") {
        all.tls.key = value;
    } else if (name == "master_name") {
        all.service = value;
    } else if (name == "sentinel_username") {
        all.sentinel_user = value;
    } else if (name == "sentinel_password") {
        all.sentinel_password = value;
    } else {
        url.fail(fmt::format("unknown parameter '{}'", name));
    }
}

}  // namespace

options options::from_url(std::string_view text)
{
    const bool kombu_list = text.starts_with("sentinel://") && text.find(';') != text.npos;
    const std::string_view first = kombu_list ? text.substr(0, text.find(';')) : text;
    const std::string_view last = kombu_list ? text.substr(text.rfind(';') + 1) : text;
    const auto url = net::service_url(kind, first).with_path_of(net::service_url(kind, last));
    const std::string_view scheme = url.scheme();
    const bool by_sentinel =
        scheme == "redis+sentinel" || scheme == "rediss+sentinel" || scheme == "sentinel";

    options made;
    settings all{url, {}, {}, {}, {}};
    if (scheme == "unix" || scheme == "redis+socket") {
        if (!url.hosts().empty() || url.path().empty()) {
            url.fail("a socket needs a path: unix:///run/redis.sock");
        }
        made.unix_socket(percent::decode(url.path()));
    } else if (by_sentinel) {
        std::string_view path = url.path();
        if (path.starts_with('/')) path.remove_prefix(1);
        const std::size_t slash = path.find('/');
        if (scheme == "sentinel") {
            set_db(made, url, path);
        } else {
            all.service = percent::decode(path.substr(0, slash));
            if (slash != path.npos) set_db(made, url, path.substr(slash));
        }
        all.tls.on = scheme == "rediss+sentinel";
    } else if (scheme == "redis" || scheme == "rediss") {
        made.at_ = url.endpoint_of(url.hosts(), default_port);
        set_db(made, url, url.path());
        all.tls.on = scheme == "rediss";
    } else {
        url.fail(fmt::format("unknown scheme '{}'", scheme));
    }

    if (const std::string_view login = url.login(); !login.empty()) {
        const std::size_t colon = login.find(':');
        if (colon == login.npos) url.fail("a login is user:password or :password");
        made.login(percent::decode(login.substr(0, colon)),
                   percent::decode(login.substr(colon + 1)));
    }
    for (const auto& [name, value] : query_pairs::parse(url.query())) {
        set_parameter(made, all, name, value);
    }
    if (by_sentinel) {
        if (all.service.empty())
            url.fail("sentinels need the service's name: master_name=mymaster");
        made.sentinels(sentinels_of(url, kombu_list ? text : url.hosts()), all.service);
        made.sentinel_login(all.sentinel_user, all.sentinel_password);
    }
    if (all.tls.on) made.tls(all.tls.context());
    return made;
}

}  // namespace ferry::redis

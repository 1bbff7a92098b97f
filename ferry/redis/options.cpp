#include "ferry/redis/options.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/url_query.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace ferry::redis {
namespace {

constexpr std::uint16_t default_port = 6379;
constexpr std::uint16_t default_sentinel_port = 26379;

[[noreturn]] void throw_bad(std::string_view what)
{
    throw parse_error(ferry::errc::malformed, fmt::format("Redis URL: {}", what), {});
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

// The parts of a URL before they are decoded.
struct parts {
    std::string_view scheme;
    std::string_view login;
    std::string_view hosts;
    std::string_view path;
    std::string_view query;
};

parts split(std::string_view url)
{
    parts p;
    const std::size_t colon = url.find("://");
    if (colon == url.npos)
        throw_bad("it must begin with redis://, rediss://, unix:// or sentinel://");
    p.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 3);
    if (const std::size_t at = url.find('?'); at != url.npos) {
        p.query = url.substr(at + 1);
        url = url.substr(0, at);
    }
    const std::size_t slash = url.find('/');
    if (slash != url.npos) {
        p.path = url.substr(slash);
        url = url.substr(0, slash);
    }
    if (const std::size_t at = url.rfind('@'); at != url.npos) {
        p.login = url.substr(0, at);
        url.remove_prefix(at + 1);
    }
    p.hosts = url;
    return p;
}

net::endpoint endpoint_of(std::string_view text, std::uint16_t otherwise)
{
    std::uint16_t port = otherwise;
    std::size_t colon = text.rfind(':');
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos) throw_bad("'[' without ']'");
        if (colon < close) colon = text.npos;
    }
    if (colon != text.npos) {
        port = number<std::uint16_t>("the port", text.substr(colon + 1));
        text = text.substr(0, colon);
    }
    if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
    return net::tcp(text.empty() ? "localhost" : percent::decode(text), port);
}

// kombu joins several URLs by semicolons; what counts is the first one's, and every host.
std::vector<net::endpoint> sentinels_of(std::string_view hosts)
{
    std::vector<net::endpoint> all;
    while (!hosts.empty()) {
        const std::size_t end = std::min(hosts.find_first_of(",;"), hosts.size());
        std::string_view one = hosts.substr(0, end);
        if (const std::size_t at = one.find("://"); at != one.npos) one.remove_prefix(at + 3);
        if (const std::size_t at = one.rfind('@'); at != one.npos) one.remove_prefix(at + 1);
        one = one.substr(0, one.find('/'));
        if (!one.empty()) all.push_back(endpoint_of(one, default_sentinel_port));
        hosts.remove_prefix(std::min(end + 1, hosts.size()));
    }
    if (all.empty()) throw_bad("no sentinel is named");
    return all;
}

void set_db(options& to, std::string_view text)
{
    if (text.starts_with('/')) text.remove_prefix(1);
    if (!text.empty()) to.db(number<int>("the database", text));
}

struct tls_settings {
    bool on = false;
    bool verify = true;
    std::string ca;
    std::string chain;
    std::string key;

    net::tls_context context() const
    {
        auto made = net::tls_context::client();
        if (!ca.empty()) made.ca_file(ca);
        if (!chain.empty()) made.certificate(chain, key.empty() ? chain : key);
        if (!verify) made.insecure();
        return made;
    }
};

struct sentinel_settings {
    std::string service;
    std::string user;
    std::string password;
};

void set_parameter(options& to, tls_settings& tls, sentinel_settings& sentinel,
                   const std::string& name, const std::string& value)
{
    if (name == "db" || name == "virtual_host") return set_db(to, value);
    if (name == "protocol") {
        const int version = number<int>(name, value);
        if (version != 2 && version != 3) throw_bad("protocol must be 2 or 3");
        to.protocol(version);
    } else if (name == "client_name") {
        to.client_name(value);
    } else if (name == "socket_timeout") {
        to.timeout(seconds(name, value));
    } else if (name == "socket_connect_timeout") {
        to.connect_timeout(seconds(name, value));
    } else if (name == "health_check_interval") {
        to.health_check_interval(seconds(name, value));
    } else if (name == "max_connections") {
        to.max_connections(number<std::size_t>(name, value));
    } else if (name == "ssl_cert_reqs") {
        // kombu writes the names of Python's constants.
        tls.verify = value != "none" && value != "CERT_NONE";
    } else if (name == "ssl_check_hostname") {
        if (value != "true" && value != "True") throw_bad("ssl_check_hostname can only be true");
    } else if (name == "ssl_ca_certs") {
        tls.ca = value;
    } else if (name == "ssl_certfile") {
        tls.chain = value;
    } else if (name == "ssl_keyfile") {
        tls.key = value;
    } else if (name == "master_name") {
        sentinel.service = value;
    } else if (name == "sentinel_username") {
        sentinel.user = value;
    } else if (name == "sentinel_password") {
        sentinel.password = value;
    } else {
        throw_bad(fmt::format("unknown parameter '{}'", name));
    }
}

}  // namespace

options options::from_url(std::string_view url)
{
    options made;
    tls_settings tls;
    sentinel_settings sentinel;
    const bool kombu_list = url.starts_with("sentinel://") && url.find(';') != url.npos;
    parts p = split(kombu_list ? url.substr(0, url.find(';')) : url);
    if (kombu_list) {
        const parts last = split(url.substr(url.rfind(';') + 1));
        p.path = last.path;
        p.query = last.query;
    }
    const bool by_sentinel =
        p.scheme == "redis+sentinel" || p.scheme == "rediss+sentinel" || p.scheme == "sentinel";

    if (p.scheme == "unix" || p.scheme == "redis+socket") {
        if (!p.hosts.empty() || p.path.empty())
            throw_bad("a socket needs a path: unix:///run/redis.sock");
        made.unix_socket(percent::decode(p.path));
    } else if (by_sentinel) {
        std::string_view path = p.path;
        if (path.starts_with('/')) path.remove_prefix(1);
        const std::size_t slash = path.find('/');
        if (p.scheme == "sentinel") {
            set_db(made, path);
        } else {
            sentinel.service = percent::decode(path.substr(0, slash));
            if (slash != path.npos) set_db(made, path.substr(slash));
        }
        tls.on = p.scheme == "rediss+sentinel";
    } else if (p.scheme == "redis" || p.scheme == "rediss") {
        made.at_ = endpoint_of(p.hosts, default_port);
        set_db(made, p.path);
        tls.on = p.scheme == "rediss";
    } else {
        throw_bad(fmt::format("unknown scheme '{}'", p.scheme));
    }

    if (!p.login.empty()) {
        const std::size_t colon = p.login.find(':');
        if (colon == p.login.npos) throw_bad("a login is user:password or :password");
        made.login(percent::decode(p.login.substr(0, colon)),
                   percent::decode(p.login.substr(colon + 1)));
    }
    for (const auto& [name, value] : query_pairs::parse(p.query)) {
        set_parameter(made, tls, sentinel, name, value);
    }
    if (by_sentinel) {
        if (sentinel.service.empty())
            throw_bad("sentinels need the service's name: master_name=mymaster");
        made.sentinels(sentinels_of(kombu_list ? url : p.hosts), sentinel.service);
        made.sentinel_login(sentinel.user, sentinel.password);
    }
    if (tls.on) made.tls(tls.context());
    return made;
}

}  // namespace ferry::redis

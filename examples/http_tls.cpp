// TLS beyond the system's authorities: one's own, a key that is expected, a client that shows who
// it is. The server is a part of this program; `openssl` makes the certificates.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/net.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

/// A certificate that has signed itself, and is its own authority: NAME.pem and NAME.key.
void make_certificate(const std::string& folder, const std::string& name)
{
    const std::string command =
        "cd " + folder +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN=" +
        name + " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " + name + ".key -out " +
        name + ".pem 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl is missing");
}

// [tls]
awaitable<void> ask(std::string url, std::string folder)
{
    const auto trusted = http::verify(folder + "/server.pem");

    http::session known(trusted, http::cert(folder + "/client.pem", folder + "/client.key"),
                        http::min_tls(net::tls_version::tls1_3));
    const auto r = co_await known.get(url);
    std::printf("%s, by %s\n", r.text().c_str(), r.tls()->version.c_str());

    // Trusting an authority is not enough if the key must be the one that was written down.
    http::session strict(trusted, http::pin_sha256(r.tls()->peer.key_sha256));
    const auto same = co_await strict.get(url);
    std::printf("the same key: %d\n", same.status);

    http::session stranger;
    try {
        co_await stranger.get(url);
    } catch (const tls_error& e) {
        std::printf("the system does not trust %s\n", e.peer_subject().c_str());
    }
}
// [tls]

awaitable<void> be_both(std::string folder)
{
    http::server site;
    site.get("/", [](http::request& q) -> awaitable<http::response> {
        co_return http::text("hello, " + q.tls()->peer_subject);
    });
    auto identity = net::tls_context::server(folder + "/server.pem", folder + "/server.key");
    identity.ca_file(folder + "/client.pem").client_certificate_optional();
    net::listener on(net::tls(net::tcp("127.0.0.1", 0), identity));
    const std::string url = "https://localhost:" + std::to_string(on.port()) + "/";
    auto serving = spawn(site.serve(std::move(on)));
    co_await ask(url, folder);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    std::string folder = std::filesystem::temp_directory_path() / "ferry-tls-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) return 1;
    make_certificate(folder, "server");
    make_certificate(folder, "client");
    run(be_both(folder));
    std::filesystem::remove_all(folder);
}

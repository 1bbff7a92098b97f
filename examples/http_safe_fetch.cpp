// Fetching what strangers name: no private addresses, a few redirects, bounded time and size.
#include "ferry/async/run.hpp"
#include "ferry/http/http.hpp"

#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [safe]
std::string fetch_for_a_stranger(const std::string& url)
{
    static http::session outside(
        http::block_private(), http::without_cookies(), http::trust_env(false), http::redirects(3),
        http::max_body(1 << 20), http::timeout(5s).total(20s), http::min_rate(1000, 5s));
    try {
        return run(outside.get(url)).text();
    } catch (const error& e) {
        if (e.code() == http::errc::private_address) return "refused: " + std::string(e.what());
        return "failed: " + std::string(e.what());
    }
}
// [safe]

int main()
{
    for (const char* url :
         {"http://127.0.0.1:22/", "http://169.254.169.254/latest/meta-data/",
          "http://[::ffff:10.0.0.1]/", "http://localhost/", "file:///etc/passwd"}) {
        std::printf("%s\n", fetch_for_a_stranger(url).c_str());
    }
}

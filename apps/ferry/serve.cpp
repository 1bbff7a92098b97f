#include "ferry/async/run.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"

#include <csignal>
#include <cstdio>

namespace ferry::command {
namespace {

constexpr auto help =
    R"(Serves the files of a directory over HTTP, as `python -m http.server` does, until Ctrl-C.

  ferry serve                                        this directory on 127.0.0.1:8000
  ferry serve public --port 0 --port-file port       any free port, written to a file

Conditional requests, ranges and precompressed .br and .gz neighbours are served; names that begin with
a dot and links that lead out of the directory are not.)";

struct settings {
    std::string directory = ".";
    std::string bind = "127.0.0.1";
    std::string port_file;
    std::uint16_t port = 8000;
};

awaitable<int> run_site(settings with)
{
    http::server site;
    site.files("/", with.directory);
    net::listener on(net::tcp(with.bind, with.port));
    const std::string port = std::to_string(on.port());
    std::fprintf(stderr, "serving %s on http://%s:%s/\n", with.directory.c_str(), with.bind.c_str(),
                 port.c_str());
    if (!with.port_file.empty()) write_output(with.port_file, port + '\n');

    signals stop(SIGINT, SIGTERM);
    const auto serving = spawn(site.serve(std::move(on)));
    co_await stop.next();
    co_await site.stop();
    co_await serving.join();
    co_return 0;
}

}  // namespace

int serve(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry serve"};
    options.add_option("directory", with.directory, "what to serve (the current directory)");
    options.add_option("-p,--port", with.port, "the port; 0 takes a free one (8000)");
    options.add_option("-b,--bind", with.bind, "the address to listen on (127.0.0.1)");
    options.add_option("--port-file", with.port_file,
                       "write the port to this file once it listens");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run(run_site(std::move(with)));
}

}  // namespace ferry::command

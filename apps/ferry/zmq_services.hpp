#pragma once

#include "ferry/async/awaitable.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::command {

/// What `ferry zmq log` shows of what zmq.log's PUBHandler, or log_publisher, publishes.
struct log_settings {
    std::string endpoint;
    bool bind = false;
    std::string topic;            ///< the root and what follows, as a prefix
    std::string level = "DEBUG";  ///< and above
    std::size_t count = 0;        ///< 0: without an end
};
awaitable<int> watch_log(log_settings with);

/// Whether a topic such as `app.WARNING.sub` names a level of at least `least`; also if it names
/// none.
bool reaches_level(std::string_view topic, std::string_view least);

/// Majordomo: the broker; a call with the words, or else each line of the input, as its body;
/// whether services have a worker.
struct mdp_settings {
    std::string endpoint;
    std::string service;
    std::vector<std::string> words;
    double timeout = 2.5;
    int retries = 3;
};
awaitable<int> run_mdp_broker(mdp_settings with);
awaitable<int> call_mdp_service(mdp_settings with);
awaitable<int> list_mdp_services(mdp_settings with);

/// How fast messages go from one thread to another, and how long a question takes.
struct zmq_bench_settings {
    std::string endpoint = "tcp://127.0.0.1:*";
    std::size_t size = 100;
    int count = 200'000;
    int questions = 5'000;
    bool json = false;
};
awaitable<int> measure_zmq(zmq_bench_settings with);

}  // namespace ferry::command

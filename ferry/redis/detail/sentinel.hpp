#pragma once

#include "ferry/redis/options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace ferry::redis::detail {

/// Asks one sentinel after the other where the master is. \throws connection_error  none knows.
awaitable<net::endpoint> find_master(options with);

/// A fail-over.
struct master_change {
    net::endpoint from;
    net::endpoint to;
};

/// Reads what a sentinel says on `+switch-master`: the service, the old address and port, and the
/// new. None if it is of another service, or malformed.
std::optional<master_change> read_master_change(std::string_view news, std::string_view service);

/// Listens to every sentinel, as one of them may go with the master, and tells of each fail-over,
/// mostly once a sentinel. Ends with its life.
class master_watch {
public:
    master_watch(const options& with, std::function<void(const master_change&)> tell);
    master_watch(const master_watch&) = delete;
    master_watch& operator=(const master_watch&) = delete;
    ~master_watch();

private:
    class one;
    std::vector<std::shared_ptr<one>> all_;
};

}  // namespace ferry::redis::detail

#pragma once

#include "ferry/core/log.hpp"
#include "ferry/zmq/socket.hpp"

#include <memory>
#include <string>

namespace ferry::zmq {

/// Publishes log records for whoever wants to watch: the topic is `LEVEL`, or `root.LEVEL`, the
/// text `message key=value` and a line's end. As zmq.log's PUBHandler.
///
///     zmq::log_publisher news(std::move(pub), "app");
///     log::set_sink(news.sink());
///
/// Any thread may log; what it logs is sent in the next turn of the socket's loop, and dropped if
/// the socket cannot take it, or is gone.
class log_publisher {
public:
    /// \param to  a PUB or XPUB, bound or connected already.
    explicit log_publisher(socket to, std::string root = {});

    /// May outlive the publisher.
    log::sink sink() const;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::zmq

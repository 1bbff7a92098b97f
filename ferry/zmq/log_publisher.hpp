#pragma once

#include "ferry/core/log.hpp"
#include "ferry/zmq/socket.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ferry::zmq {

/// Publishes log records for whoever wants to watch, as zmq.log's PUBHandler: the topic is
/// `root.LEVEL`, and what stands before a `::` in the message is a topic below that.
///
///     zmq::log_publisher news(std::move(pub), "app");
///     log::set_sink(news.sink());
///     log::warning("db::slow", "ms", 250);
///     // publishes "app.WARNING.db", "WARNING shop.cpp:12 - slow ms=250\n"
///
/// What is below its level is not logged, and so not published: see log::set_level().
/// Any thread may log; what it logs is sent in the next turn of the socket's loop, and dropped if
/// the socket cannot take it, or is gone.
class log_publisher {
public:
    /// Writes a record, the topic taken off its message. \returns the text with its line's end.
    using formatter = std::function<std::string(const log::record&)>;

    /// \param to    a PUB or XPUB, bound or connected already.
    /// \param root  goes before the level, with a dot; none if empty.
    explicit log_publisher(socket to, std::string root = {});

    /// How records of all levels, or of one, are written by the sinks that are made from now on. By
    /// default `message key=value`, and `LEVEL file:line - ` before it where that is not `info`. As
    /// PUBHandler.setFormatter, which for errors has the exception beside. `how` is called by any
    /// thread that logs, one at a time.
    void set_formatter(formatter how);
    void set_formatter(formatter how, log::level of);

    /// May outlive the publisher.
    log::sink sink() const;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::zmq

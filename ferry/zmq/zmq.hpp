#pragma once

/// \file
/// ferry::zmq: ZeroMQ on libzmq, by PyZMQ's names.
///
///     zmq::socket server(zmq::rep);
///     server.bind("tcp://127.0.0.1:5000");
///     for (;;) {
///         auto question = co_await server.receive_string();
///         co_await server.send("I don't know.");
///     }
///
/// | what | header | PyZMQ |
/// |---|---|---|
/// | the socket, its options | `socket.hpp`, `option.hpp` | `zmq.asyncio.Socket` |
/// | frames, without a copy too | `message.hpp` | `Frame`, `MessageTracker` |
/// | I/O threads | `context.hpp` | `Context` |
/// | many sockets at once | `poller.hpp` | `Poller` |
/// | what becomes of connections | `monitor.hpp` | `zmq.utils.monitor` |
/// | queue, forwarder, streamer | `proxy.hpp` | `zmq.proxy`, `zmq.devices` |
/// | reliable requests, last values | `patterns.hpp` | the guide |
/// | services by name (Majordomo) | `mdp.hpp` | the guide |
/// | several servers, without a broker | `freelance.hpp` | the guide |
/// | a server and one that takes over | `binary_star.hpp` | the guide |
/// | a map that many share | `clone.hpp` | the guide |
/// | log records for whoever watches | `log_publisher.hpp` | `zmq.log` |
/// | tunnels through ssh | `ssh.hpp` | `zmq.ssh` |
/// | keys and their files | `certificate.hpp` | `zmq.auth.certs` |
/// | who may connect | `authenticator.hpp` | `zmq.auth` |
#include "ferry/zmq/authenticator.hpp"
#include "ferry/zmq/binary_star.hpp"
#include "ferry/zmq/certificate.hpp"
#include "ferry/zmq/clone.hpp"
#include "ferry/zmq/context.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/freelance.hpp"
#include "ferry/zmq/log_publisher.hpp"
#include "ferry/zmq/mdp.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/monitor.hpp"
#include "ferry/zmq/option.hpp"
#include "ferry/zmq/patterns.hpp"
#include "ferry/zmq/poller.hpp"
#include "ferry/zmq/proxy.hpp"
#include "ferry/zmq/socket.hpp"
#include "ferry/zmq/ssh.hpp"

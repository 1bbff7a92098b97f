#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>

namespace ferry::zmq {

/// For ever, where an option's time limit may be that.
inline constexpr std::chrono::milliseconds forever{-1};

/// What a socket is ready for; also a set of them. As zmq.POLLIN and its like.
using poll_events = int;
inline constexpr poll_events pollin = 1;   ///< a message can be received
inline constexpr poll_events pollout = 2;  ///< a message can be sent
inline constexpr poll_events pollerr = 4;  ///< of a file descriptor: an error waits

enum class access : unsigned char { get = 1, set = 2, both = 3 };

/// When a new value counts: at once, or for what is bound and connected from then on.
enum class effect : unsigned char { at_once, on_attach };

/// A setting of a socket by libzmq's number, with the type of its value: int, bool, int64, uint64,
/// milliseconds, seconds, or a string of any bytes.
template <class T, access Access = access::both>
class option {
public:
    using value_type = T;
    static constexpr bool readable = Access != access::set;
    static constexpr bool writable = Access != access::get;

    constexpr option(int n, const char* text, effect e = effect::on_attach) noexcept
        : number{n}, name{text}, when{e}
    {
    }

    int number;
    const char* name;
    effect when;
};

/// The options: `s.set(opt::linger, 0ms)`, `s.get(opt::rcvhwm)`. Names, units and defaults are
/// libzmq's but for linger, which is 1 s (libzmq: for ever, so that a program whose peer is away
/// never ends). Unless "at once" is said, a value counts for what is bound and connected
/// afterwards; set later, it is logged as a warning once a socket.
///
/// Not offered, since Debian's libzmq has them as drafts only: RECONNECT_STOP, HELLO_MSG,
/// DISCONNECT_MSG, ROUTER_NOTIFY, XPUB_MANUAL_LAST_VALUE, IN_BATCH_SIZE, OUT_BATCH_SIZE,
/// ONLY_FIRST_SUBSCRIBE, PRIORITY, WSS_*.
namespace opt {

using std::chrono::milliseconds;
using std::chrono::seconds;
using text = std::string;

/// \name Of every socket
/// @{
/// How long close() keeps what is not sent yet; at once. 1 s.
inline constexpr option<milliseconds> linger{17, "linger", effect::at_once};
/// Messages that may wait for each peer, 0 for no limit. 1000 each.
inline constexpr option<int> sndhwm{23, "sndhwm", effect::at_once};
inline constexpr option<int> rcvhwm{24, "rcvhwm", effect::at_once};
/// Time limits of send and receive, which then throw timeout_error; at once. forever.
inline constexpr option<milliseconds> sndtimeo{28, "sndtimeo", effect::at_once};
inline constexpr option<milliseconds> rcvtimeo{27, "rcvtimeo", effect::at_once};
/// The socket's name towards a ROUTER: 1 to 255 bytes, the first not 0.
inline constexpr option<text> routing_id{5, "routing_id"};
/// A longer message ends the connection it came from; -1 for no limit.
inline constexpr option<std::int64_t> maxmsgsize{22, "maxmsgsize"};
/// Queue only for peers that are connected. false.
inline constexpr option<bool> immediate{39, "immediate"};
/// Keep only the last message; single frames only. false.
inline constexpr option<bool> conflate{54, "conflate"};
/// The set of I/O threads, a bit each; 0 for any.
inline constexpr option<std::uint64_t> affinity{4, "affinity"};
/// Whether the frame received last has more behind it.
inline constexpr option<bool, access::get> rcvmore{13, "rcvmore"};
/// Tells that events() changed, edge by edge: use wait() or a poller instead.
inline constexpr option<int, access::get> fd{14, "fd"};
inline constexpr option<poll_events, access::get> events{15, "events"};
inline constexpr option<int, access::get> type{16, "type"};
inline constexpr option<text, access::get> last_endpoint{32, "last_endpoint"};
/// @}

/// \name Of connections
/// @{
inline constexpr option<milliseconds> reconnect_ivl{18, "reconnect_ivl"};          ///< 100 ms
inline constexpr option<milliseconds> reconnect_ivl_max{21, "reconnect_ivl_max"};  ///< 0: ivl
inline constexpr option<milliseconds> connect_timeout{79, "connect_timeout"};      ///< 0: system's
inline constexpr option<milliseconds> handshake_ivl{66, "handshake_ivl"};          ///< 30 s
inline constexpr option<milliseconds> heartbeat_ivl{75, "heartbeat_ivl"};          ///< 0: none
inline constexpr option<milliseconds> heartbeat_ttl{76, "heartbeat_ttl"};          ///< 0: none
inline constexpr option<milliseconds> heartbeat_timeout{77, "heartbeat_timeout"};  ///< -1: ivl
inline constexpr option<int> backlog{19, "backlog"};                               ///< 100
inline constexpr option<int> sndbuf{11, "sndbuf"};                                 ///< -1: system's
inline constexpr option<int> rcvbuf{12, "rcvbuf"};                                 ///< -1: system's
inline constexpr option<bool> ipv6{42, "ipv6"};                                    ///< false
inline constexpr option<int> tos{57, "tos"};                                       ///< 0
inline constexpr option<int> tcp_keepalive{34, "tcp_keepalive"};                   ///< -1: system's
inline constexpr option<int> tcp_keepalive_cnt{35, "tcp_keepalive_cnt"};
inline constexpr option<seconds> tcp_keepalive_idle{36, "tcp_keepalive_idle"};
inline constexpr option<seconds> tcp_keepalive_intvl{37, "tcp_keepalive_intvl"};
inline constexpr option<milliseconds> tcp_maxrt{80, "tcp_maxrt"};  ///< 0: system's
inline constexpr option<text> socks_proxy{68, "socks_proxy"};      ///< host:port of a SOCKS5 proxy
inline constexpr option<text> bindtodevice{92, "bindtodevice"};    ///< interface; needs privileges
inline constexpr option<int> use_fd{89, "use_fd"};  ///< a bound descriptor of one's own
/// `X-name:value`, for message::metadata() at the other end; each adds one.
inline constexpr option<text, access::set> metadata{95, "metadata"};
/// @}

/// \name Of multicast (pgm, epgm)
/// @{
inline constexpr option<int> rate{8, "rate"};                             ///< 100 kbit/s
inline constexpr option<milliseconds> recovery_ivl{9, "recovery_ivl"};    ///< 10 s
inline constexpr option<int> multicast_hops{25, "multicast_hops"};        ///< 1
inline constexpr option<int> multicast_maxtpdu{84, "multicast_maxtpdu"};  ///< 1500 bytes
inline constexpr option<bool> multicast_loop{96, "multicast_loop"};       ///< true: hears itself
/// @}

/// \name Of one type of socket
/// @{
/// SUB: takes messages that begin so; at once. Use subscribe().
inline constexpr option<text, access::set> subscribe{6, "subscribe", effect::at_once};
inline constexpr option<text, access::set> unsubscribe{7, "unsubscribe", effect::at_once};
/// PUB, SUB: takes what does not begin so. false.
inline constexpr option<bool> invert_matching{74, "invert_matching", effect::at_once};
/// ROUTER: a send to an unknown peer throws unroutable, else it is dropped; at once. false.
inline constexpr option<bool, access::set> router_mandatory{33, "router_mandatory",
                                                            effect::at_once};
/// ROUTER: a new peer takes over the routing id of an old one; at once. false.
inline constexpr option<bool, access::set> router_handover{56, "router_handover", effect::at_once};
inline constexpr option<bool, access::set> router_raw{41, "router_raw"};
/// ROUTER, DEALER, REQ: sends an empty message when connected, so that a ROUTER learns of it.
inline constexpr option<bool, access::set> probe_router{51, "probe_router", effect::at_once};
/// ROUTER, STREAM: the routing id of the next peer that is connected to.
inline constexpr option<text, access::set> connect_routing_id{61, "connect_routing_id",
                                                              effect::at_once};
/// STREAM: an empty frame when a peer comes and goes. true.
inline constexpr option<bool, access::set> stream_notify{73, "stream_notify", effect::at_once};
/// REQ: an answer belongs to the last request; both together allow another request before the
/// answer. false.
inline constexpr option<bool, access::set> req_correlate{52, "req_correlate", effect::at_once};
inline constexpr option<bool, access::set> req_relaxed{53, "req_relaxed", effect::at_once};
/// XPUB: hands on repeated subscriptions (verbose), and repeated cancellations (verboser).
inline constexpr option<bool, access::set> xpub_verbose{40, "xpub_verbose", effect::at_once};
inline constexpr option<bool, access::set> xpub_verboser{78, "xpub_verboser", effect::at_once};
/// XPUB, PUB: send waits for slow subscribers instead of dropping. false.
inline constexpr option<bool, access::set> xpub_nodrop{69, "xpub_nodrop", effect::at_once};
/// XPUB: subscriptions count only when subscribe() confirms them.
inline constexpr option<bool, access::set> xpub_manual{71, "xpub_manual", effect::at_once};
/// XPUB, PUB: what each new subscriber gets first.
inline constexpr option<text, access::set> xpub_welcome_msg{72, "xpub_welcome_msg",
                                                            effect::at_once};
/// @}

/// \name Of security
/// @{
inline constexpr option<int, access::get> mechanism{43, "mechanism"};  ///< 0 NULL 1 PLAIN 2 CURVE
inline constexpr option<bool> plain_server{44, "plain_server"};
inline constexpr option<text> plain_username{45, "plain_username"};
inline constexpr option<text, access::set> plain_password{46, "plain_password"};
inline constexpr option<bool> curve_server{47, "curve_server"};
/// Keys: 40 characters of Z85, or 32 bytes. Read as Z85.
inline constexpr option<text> curve_publickey{48, "curve_publickey"};
inline constexpr option<text, access::set> curve_secretkey{49, "curve_secretkey"};
inline constexpr option<text> curve_serverkey{50, "curve_serverkey"};
/// What the authenticator calls this socket's policy; it is asked only if this is set, for NULL.
inline constexpr option<text> zap_domain{55, "zap_domain"};
/// Whether NULL needs a domain to be asked for. false.
inline constexpr option<bool> zap_enforce_domain{93, "zap_enforce_domain"};
inline constexpr option<bool> gssapi_server{62, "gssapi_server"};
inline constexpr option<text> gssapi_principal{63, "gssapi_principal"};
inline constexpr option<text> gssapi_service_principal{64, "gssapi_service_principal"};
inline constexpr option<bool> gssapi_plaintext{65, "gssapi_plaintext"};
inline constexpr option<int> gssapi_principal_nametype{90, "gssapi_principal_nametype"};
inline constexpr option<int> gssapi_service_principal_nametype{91,
                                                               "gssapi_service_principal_nametype"};
/// @}

/// \name Of virtual machines (vmci)
/// @{
inline constexpr option<std::uint64_t> vmci_buffer_size{85, "vmci_buffer_size"};
inline constexpr option<std::uint64_t> vmci_buffer_min_size{86, "vmci_buffer_min_size"};
inline constexpr option<std::uint64_t> vmci_buffer_max_size{87, "vmci_buffer_max_size"};
inline constexpr option<milliseconds> vmci_connect_timeout{88, "vmci_connect_timeout"};
/// @}

}  // namespace opt
}  // namespace ferry::zmq

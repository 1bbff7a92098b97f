#include "ferry/zmq/error.hpp"

#include "ferry/zmq/detail/failure.hpp"

#include <zmq.h>

#include <cerrno>

namespace ferry::zmq {
namespace {

class zmq_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "zmq"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
            case errc::wrong_state: return "the socket cannot do that now";
            case errc::terminated: return "the context was terminated";
            case errc::closed: return "the socket is closed";
            case errc::wrong_thread: return "the socket belongs to another thread";
            case errc::forked: return "the socket or context belongs to the parent process";
            case errc::incompatible: return "the transport does not go with the type of socket";
            case errc::no_io_thread: return "the context has no I/O thread";
            case errc::invalid_endpoint: return "invalid endpoint";
            case errc::draft: return "a draft socket type";
            case errc::unroutable: return "no peer of that routing id";
            case errc::bad_option: return "invalid option or value";
            case errc::bad_certificate: return "invalid certificate";
            case errc::bad_key: return "invalid key";
            case errc::bad_message: return "invalid message";
            case errc::refused: return "handshake failed";
            case errc::no_answer: return "no answer";
            case errc::no_tunnel: return "no tunnel";
            case errc::too_slow: return "too far behind";
            case errc::split: return "two servers of one role";
        }
        return "unknown error";
    }

    std::error_condition default_error_condition(int value) const noexcept override
    {
        switch (static_cast<errc>(value)) {
            case errc::terminated:
            case errc::closed:
            case errc::no_tunnel:
            case errc::unroutable: return condition::disconnected;
            case errc::refused: return condition::denied;
            case errc::no_answer: return condition::timed_out;
            case errc::too_slow: return condition::overloaded;
            case errc::draft:
            case errc::incompatible: return condition::unsupported;
            default: return condition::bad_input;
        }
    }
};

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    static const zmq_category category;
    return {static_cast<int>(e), category};
}

int detail::last_failure() noexcept
{
    return zmq_errno();
}

void detail::throw_failure(int number, std::string_view doing)
{
    const auto says = [&](std::string_view what) {
        std::string all(doing);
        return all.append(": ").append(what);
    };
    switch (number) {
        case EFSM:
            throw wrong_state(errc::wrong_state,
                              says("it is the peer's turn (REQ and REP send and receive in turn)"));
        case ETERM: throw context_terminated(errc::terminated, says("the context was terminated"));
        case ENOCOMPATPROTO:
            throw error(errc::incompatible,
                        says("the transport does not go with this type of socket"));
        case EMTHREAD: throw error(errc::no_io_thread, says("the context has no I/O thread"));
        case ENOTSOCK: throw error(errc::closed, says("the socket is closed"));
        case EHOSTUNREACH: throw unroutable(errc::unroutable, says("no peer has that routing id"));
        case EMFILE:
            throw error(
                std::error_code(number, std::system_category()),
                says("too many sockets (context_option::max_sockets) or open files (ulimit -n)"));
        default: throw system_failure(number, doing);
    }
}

}  // namespace ferry::zmq

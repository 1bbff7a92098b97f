#include "ferry/zmq/detail/socket_core.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/zmq/detail/endpoint.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/error.hpp"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

namespace ferry::zmq::detail {
namespace {

constexpr int default_linger_ms = 1000;

}  // namespace

socket_core::socket_core(std::shared_ptr<context_core> of, socket_type type)
    : context_{std::move(of)}, type_{type}
{
    const int number = static_cast<int>(type);
    if (number < ZMQ_PAIR || number > ZMQ_STREAM) {
        throw error(errc::draft, "socket type " + std::to_string(number) +
                                     " is a draft of libzmq, which this library has in part only");
    }
    handle_ = context_->open(number, *this);
    zmq_setsockopt(handle_, ZMQ_LINGER, &default_linger_ms, sizeof(default_linger_ms));
}

socket_core::~socket_core()
{
    close(std::nullopt);
}

bool socket_core::on_own_thread() const noexcept
{
    return place_ == place();
}

void socket_core::refuse_use() const
{
    if (handle_ == nullptr) throw error(errc::closed, description() + ": the socket is closed");
    if (forks_ != forks()) {
        throw error(errc::forked, description() + ": it belongs to the parent of this process");
    }
    throw error(errc::wrong_thread, description() + ": it belongs to another thread's loop");
}

void* socket_core::handle() const
{
    check_use();
    return handle_;
}

void socket_core::close(std::optional<std::chrono::milliseconds> linger) noexcept
{
    if (handle_ == nullptr) return;
    void* const closing = std::exchange(handle_, nullptr);
    credit_ = 0;
    context_->closed(*this);
    if (handing_on_) handing_on_->cancel();
    receivers_.wake_all();
    senders_.wake_all();
    for (watcher* const w : watchers_) w->ready(pollerr);
    if (forks_ != forks()) {
        // The descriptor is watched, and the socket used, by the parent.
        static_cast<void>(watch_.release());
        return;
    }
    watch_.reset();
    if (linger) {
        const int ms = static_cast<int>(std::min<std::int64_t>(linger->count(), INT_MAX));
        zmq_setsockopt(closing, ZMQ_LINGER, &ms, sizeof(ms));
    }
    zmq_close(closing);
}

void socket_core::throw_failed(int number, const char* doing) const
{
    throw_failure(number, description() + ": " + doing);
}

void socket_core::fail(std::string_view doing) const
{
    const int number = last_failure();
    throw_failure(number, description() + ": " + std::string(doing));
}

// Attaching

std::string socket_core::bind(const std::string& endpoint)
{
    check_use();
    check_endpoint(endpoint, attaching::bind);
    if (zmq_bind(handle_, endpoint.c_str()) != 0) {
        const int number = last_failure();
        const std::error_code code(number, std::system_category());
        switch (number) {
            case EINVAL:
            case ENAMETOOLONG:
            case EPROTONOSUPPORT:
                throw invalid_endpoint(errc::invalid_endpoint,
                                       "bind " + endpoint + ": " + code.message());
            case ETERM:
            case ENOCOMPATPROTO:
            case EMTHREAD:
            case EMFILE: throw_failure(number, "bind " + endpoint);
            default: throw bind_error(code, "bind " + endpoint + ": " + code.message(), endpoint);
        }
    }
    attached_ = true;
    called();
    std::string real = last_endpoint();
    const std::lock_guard lock{naming_};
    endpoints_.append(" ").append(real);
    return real;
}

void socket_core::connect(const std::string& endpoint)
{
    check_use();
    check_endpoint(endpoint, attaching::connect);
    if (zmq_connect(handle_, endpoint.c_str()) != 0) {
        const int number = last_failure();
        if (number == EINVAL || number == EPROTONOSUPPORT || number == ENAMETOOLONG) {
            throw invalid_endpoint(errc::invalid_endpoint,
                                   "connect " + endpoint + ": " +
                                       std::error_code(number, std::system_category()).message());
        }
        throw_failure(number, "connect " + endpoint);
    }
    attached_ = true;
    called();
    const std::lock_guard lock{naming_};
    endpoints_.append(" ").append(endpoint);
}

void socket_core::unbind(const std::string& endpoint)
{
    check_use();
    const int result = zmq_unbind(handle_, endpoint.c_str());
    check(result, "unbind " + endpoint);
    called();
}

void socket_core::disconnect(const std::string& endpoint)
{
    check_use();
    const int result = zmq_disconnect(handle_, endpoint.c_str());
    check(result, "disconnect " + endpoint);
    called();
}

std::string socket_core::last_endpoint()
{
    constexpr std::size_t most = 1024;
    std::string text(most, '\0');
    std::size_t size = text.size();
    get_option(ZMQ_LAST_ENDPOINT, "last_endpoint", text.data(), &size);
    text.resize(size == 0 ? 0 : size - 1);
    return text;
}

std::string socket_core::description() const
{
    const std::lock_guard lock{naming_};
    return std::string(name(type_)) + endpoints_;
}

// Options

void socket_core::set_option(int number, const char* called_, effect when, const void* data,
                             std::size_t size)
{
    check_use();
    if (zmq_setsockopt(handle_, number, data, size) != 0) {
        const int failure = last_failure();
        if (failure != EINVAL) throw_failure(failure, description() + ": set " + called_);
        throw error(errc::bad_option, description() + ": " + called_ +
                                          " does not take that value, or is not of this type");
    }
    if (when == effect::on_attach && attached_ && !std::exchange(warned_, true)) {
        log::warning("a ZeroMQ option counts for later endpoints only", "option", called_, "socket",
                     description());
    }
    called();
}

void socket_core::get_option(int number, const char* called_, void* data, std::size_t* size)
{
    check_use();
    const int result = zmq_getsockopt(handle_, number, data, size);
    const int failure = result != 0 ? last_failure() : 0;
    called();
    if (failure == 0) return;
    if (failure != EINVAL) throw_failure(failure, description() + ": get " + called_);
    throw error(errc::bad_option,
                description() + ": " + called_ + " cannot be read from this type");
}

}  // namespace ferry::zmq::detail

#include "ferry/http/websocket.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/websocket_driver.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http {

websocket_error::websocket_error(int close_code, std::string_view why)
    : protocol_error(errc::bad_message, "websocket: " + std::string(why)), close_code_(close_code)
{
}

websocket::websocket(std::shared_ptr<impl> i) noexcept : impl_(std::move(i)) {}
websocket::websocket(websocket&&) noexcept = default;

websocket& websocket::operator=(websocket&& other) noexcept
{
    if (this != &other) {
        if (impl_) impl_->stream.abort();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

websocket::~websocket()
{
    if (impl_) impl_->stream.abort();
}

awaitable<std::optional<websocket_message>> websocket::receive()
{
    return impl::receive(impl_);
}

awaitable<void> websocket::send(std::string text)
{
    return send_part(std::move(text), true);
}

awaitable<void> websocket::send(buffer data)
{
    return send_part(std::move(data), true);
}

awaitable<void> websocket::send_part(std::string text, bool last)
{
    return impl::send(impl_, true, buffer(std::move(text)), last);
}

awaitable<void> websocket::send_part(buffer data, bool last)
{
    return impl::send(impl_, false, std::move(data), last);
}

awaitable<void> websocket::ping(std::string data)
{
    if (data.size() > detail::max_control_bytes) {
        throw error(ferry::errc::out_of_range, "websocket: a ping has at most 125 bytes");
    }
    return impl::send_control(impl_, detail::opcode::ping, std::move(data));
}

awaitable<void> websocket::close(int code, std::string reason)
{
    if (!detail::is_close_code(code) || reason.size() > detail::max_control_bytes - 2 ||
        !utf8::valid(reason)) {
        throw error(ferry::errc::out_of_range,
                    "websocket: the close code or reason cannot be sent");
    }
    return impl::close(impl_, code, std::move(reason));
}

bool websocket::is_open() const noexcept
{
    return impl_->code == 0;
}

int websocket::close_code() const noexcept
{
    return impl_->code;
}

const std::string& websocket::close_reason() const noexcept
{
    return impl_->reason;
}

const std::string& websocket::subprotocol() const noexcept
{
    return impl_->protocol;
}

bool websocket::compressed() const noexcept
{
    return impl_->machine.compresses();
}

std::string websocket::remote_endpoint() const
{
    return impl_->stream.remote_endpoint();
}

}  // namespace ferry::http

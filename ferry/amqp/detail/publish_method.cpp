#include "ferry/amqp/detail/publish_method.hpp"

#include "ferry/amqp/detail/frame.hpp"

namespace ferry::amqp::detail {

void publish_method::make(const std::string& exchange, const std::string& routing_key,
                          bool mandatory)
{
    frame_.clear();
    frame_writer f(frame_, channel_, method::basic_publish);
    f.wire().u16(0);
    f.wire().short_text(exchange);
    f.wire().short_text(routing_key);
    f.wire().octet(mandatory ? 1 : 0);
    exchange_ = exchange;
    routing_key_ = routing_key;
    mandatory_ = mandatory;
    f.finish(frame_min_size);
}

}  // namespace ferry::amqp::detail

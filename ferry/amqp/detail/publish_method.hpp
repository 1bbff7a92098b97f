#pragma once

#include <cstdint>
#include <string>

namespace ferry::amqp::detail {

/// The method frame of basic.publish, kept for the next message: it mostly goes the same way.
class publish_method {
public:
    explicit publish_method(std::uint16_t channel) noexcept : channel_{channel} {}

    /// \throws error(errc::bad_argument)  a name has over 255 bytes or is no UTF-8; nothing is
    ///                                    appended.
    void append_to(std::string& out, const std::string& exchange, const std::string& routing_key,
                   bool mandatory)
    {
        const bool same = !frame_.empty() && mandatory == mandatory_ &&
                          routing_key == routing_key_ && exchange == exchange_;
        if (!same) make(exchange, routing_key, mandatory);
        out += frame_;
    }

private:
    void make(const std::string& exchange, const std::string& routing_key, bool mandatory);

    std::uint16_t channel_;
    bool mandatory_ = false;
    std::string exchange_;
    std::string routing_key_;
    std::string frame_;  ///< with these
};

}  // namespace ferry::amqp::detail

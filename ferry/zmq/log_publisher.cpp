#include "ferry/zmq/log_publisher.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/core/error.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace ferry::zmq {

class log_publisher::impl {
public:
    impl(socket s, std::string r) : to{std::move(s)}, root{std::move(r)} {}

    void publish(const std::string& topic, const std::string& text) noexcept
    {
        try {
            multipart both = parts(topic, text);
            static_cast<void>(to.try_send_multipart(both));
        } catch (const error&) {
            return;  // a sink must not log, and has nobody to tell
        }
    }

    loop home = loop::current();
    socket to;
    std::string root;
};

log_publisher::log_publisher(socket to, std::string root)
    : impl_{std::make_shared<impl>(std::move(to), std::move(root))}
{
}

log::sink log_publisher::sink() const
{
    return [weak = std::weak_ptr<impl>(impl_), home = impl_->home,
            root = impl_->root](const log::record& r) {
        std::string topic(log::name(r.level));
        std::ranges::transform(topic, topic.begin(),
                               [](unsigned char c) { return std::toupper(c); });
        if (!root.empty()) topic.insert(0, root + '.');
        home.post([weak, topic, text = log::line(r) + '\n'] {
            if (const auto self = weak.lock()) self->publish(topic, text);
        });
    };
}

}  // namespace ferry::zmq

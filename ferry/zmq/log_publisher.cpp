#include "ferry/zmq/log_publisher.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/core/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace ferry::zmq {
namespace {

constexpr std::string_view topic_delimiter = "::";

std::string name_of(log::level l)
{
    std::string name(log::name(l));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    return name;
}

std::size_t place_of(log::level l)
{
    return static_cast<std::size_t>(l);
}

std::string plain(const log::record& r)
{
    return log::line(r) + '\n';
}

std::string with_its_place(const log::record& r)
{
    std::string_view file = r.where.file_name();
    file.remove_prefix(file.rfind('/') + 1);
    std::string text = name_of(r.level);
    text.append(" ").append(file).append(":").append(std::to_string(r.where.line()));
    return text.append(" - ").append(plain(r));
}

/// By level.
using formatters = std::array<log_publisher::formatter, 5>;

formatters as_pyzmq()
{
    formatters all;
    all.fill(with_its_place);
    all[place_of(log::level::info)] = plain;
    return all;
}

}  // namespace

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
    formatters formats = as_pyzmq();
};

log_publisher::log_publisher(socket to, std::string root)
    : impl_{std::make_shared<impl>(std::move(to), std::move(root))}
{
}

void log_publisher::set_formatter(formatter how)
{
    impl_->formats.fill(how);
}

void log_publisher::set_formatter(formatter how, log::level of)
{
    impl_->formats.at(place_of(of)) = std::move(how);
}

log::sink log_publisher::sink() const
{
    return [weak = std::weak_ptr<impl>(impl_), home = impl_->home, root = impl_->root,
            formats = impl_->formats](log::record r) {
        std::string topic = name_of(r.level);
        if (!root.empty()) topic.insert(0, root + '.');
        if (const auto end = r.message.find(topic_delimiter); end != std::string_view::npos) {
            if (end > 0) topic.append(".").append(r.message.substr(0, end));
            r.message.remove_prefix(end + topic_delimiter.size());
        }
        home.post([weak, topic, text = formats.at(place_of(r.level))(r)] {
            if (const auto self = weak.lock()) self->publish(topic, text);
        });
    };
}

}  // namespace ferry::zmq

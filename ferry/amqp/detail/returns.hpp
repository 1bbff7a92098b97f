#pragma once

#include "ferry/amqp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>

namespace ferry::amqp::detail {

/// Finds out which published message a basic.return is about, which the broker does not say.
///
/// What is known: returns come in the order of the publishes, and each of them before the confirm
/// of its message. Several may come before one confirm that is for all of them. So a return belongs
/// to the first mandatory message that has not been passed by a confirm or a return and looks the
/// same; where two look the same, the broker's routing has treated them the same.
class return_matcher {
public:
    /// What a message looks like, in short.
    struct look {
        look(std::string_view exchange, std::string_view routing_key, std::string_view properties,
             std::string_view body) noexcept;

        std::uint64_t route;  ///< of exchange and routing key
        std::uint64_t whole;
    };

    /// A mandatory message was published.
    void expect(std::uint64_t tag, look of) { expected_.push_back({tag, of}); }

    /// One came back.
    void put(returned_message m);

    /// The message of the tag is confirmed, and with `multiple` all before it. Only after take().
    void confirmed(std::uint64_t tag, bool multiple) noexcept;

    /// The return of the message that has this tag, if it came back.
    std::optional<returned_message> take(std::uint64_t tag) noexcept;

    void clear() noexcept;

private:
    struct candidate {
        std::uint64_t tag;
        look is;
    };

    std::deque<candidate> expected_;  ///< in the order of their tags
    std::map<std::uint64_t, returned_message> came_;
};

}  // namespace ferry::amqp::detail

#pragma once

#include "ferry/amqp/detail/frame.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::amqp::detail {

/// An exchange, a queue, or what binds one of them to an exchange.
class declaration {
public:
    enum class kind : unsigned char { exchange, queue, exchange_binding, queue_binding };

    kind what = kind::queue;
    std::string name;       ///< of the exchange or queue; what a binding leads to
    std::string source;     ///< the exchange that a binding leads from
    std::string key;        ///< of a binding
    std::string type;       ///< of an exchange
    std::uint8_t bits = 0;  ///< passive 1, durable 2, then as the method has them
    value arguments;
    bool named_by_broker = false;
    int refusals = 0;  ///< in a row, when it was declared again

    method declare_method() const noexcept;
    method declared_method() const noexcept;  ///< the answer
    /// The arguments of declare_method().
    std::string encoded() const;
};

/// What this process has declared on a connection, to be declared again after a loss. Deletions
/// take it out again.
class topology {
public:
    void add(declaration d);
    void remove_binding(declaration::kind what, std::string_view name, std::string_view source,
                        std::string_view key);
    void remove_queue(std::string_view name);
    void remove_exchange(std::string_view name);

    /// Queues that the broker names have another name after each connection.
    void rename_queue(const std::string& from, const std::string& to);

    /// What became of declaring it again. After three refusals it is forgotten.
    void succeeded(const declaration& d) noexcept;
    void failed(const declaration& d);

    /// Exchanges first, then queues, then bindings.
    std::vector<declaration> in_order() const;

private:
    std::vector<declaration> all_;
};

}  // namespace ferry::amqp::detail

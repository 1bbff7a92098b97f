#pragma once

#include <boost/asio/awaitable.hpp>

namespace ferry {

/// The one return type of every operation that waits. Lazy: nothing runs until it is awaited.
/// Movable, awaited once.
template <class T>
using awaitable = boost::asio::awaitable<T>;

}  // namespace ferry

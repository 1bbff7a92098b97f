#pragma once

#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace ferry {

/// A bounded first-in, first-out queue between coroutines or green threads of one loop. As
/// asyncio.Queue, with shutdown() called close(). Getters and putters are served in order; a
/// cancelled get() takes nothing, a cancelled put() leaves nothing.
template <class T>
class queue {
public:
    /// \param capacity  from 1: put() waits while so many items are in the queue.
    explicit queue(std::size_t capacity) noexcept : capacity_{capacity == 0 ? 1 : capacity} {}

    /// Waits for room. \throws error(errc::disconnected)  the queue was closed.
    awaitable<void> put(T item)
    {
        if (put_nowait(item)) co_return;
        node me(std::move(item));
        putters_.push_back(me);
        co_await me.park();
        if (me.item) throw_closed();
    }

    /// Waits for an item. \throws error(errc::disconnected)  the queue is closed and empty.
    awaitable<T> get()
    {
        std::optional<T> item = co_await next();
        if (!item) throw_closed();
        co_return std::move(*item);
    }

    /// Waits for an item; none once the queue is closed and empty:
    /// `while (auto item = co_await jobs.next())`, with the result named first for g++ 12.
    awaitable<std::optional<T>> next()
    {
        std::optional<T> item = get_nowait();
        if (item || closed_) co_return item;
        node me{std::nullopt};
        getters_.push_back(me);
        co_await me.park();
        co_return std::move(me.item);
    }

    /// Adds the item, which is moved from, unless the queue is full.
    /// \throws error(errc::disconnected)  the queue was closed.
    bool put_nowait(T& item)
    {
        if (closed_) throw_closed();
        if (auto* const getter = static_cast<node*>(getters_.front())) {
            getter->item.emplace(std::move(item));
            getters_.wake_one();
            return true;
        }
        if (items_.size() >= capacity_) return false;
        items_.push_back(std::move(item));
        return true;
    }
    bool put_nowait(T&& item) { return put_nowait(item); }

    std::optional<T> get_nowait()
    {
        if (items_.empty()) return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        if (auto* const putter = static_cast<node*>(putters_.front())) {
            items_.push_back(std::move(*putter->item));
            putter->item.reset();
            putters_.wake_one();
        }
        return item;
    }

    /// No item is taken any more; those inside can still be got. Putters that wait fail.
    void close() noexcept
    {
        closed_ = true;
        getters_.wake_all();
        putters_.wake_all();
    }

    bool closed() const noexcept { return closed_; }
    std::size_t size() const noexcept { return items_.size(); }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return items_.empty(); }
    bool full() const noexcept { return items_.size() >= capacity_; }

private:
    struct node final : waiter {
        explicit node(std::optional<T> i) : item{std::move(i)} {}
        std::optional<T> item;
    };

    [[noreturn]] static void throw_closed()
    {
        throw error(errc::disconnected, "queue: it was closed");
    }

    std::size_t capacity_;
    bool closed_ = false;
    std::deque<T> items_;
    waiter_list getters_;
    waiter_list putters_;
};

}  // namespace ferry

#include "ferry/amqp/pool.hpp"

#include "ferry/async/sync.hpp"

#include <utility>
#include <vector>

namespace ferry::amqp {

class pool::impl {
public:
    impl(options with, std::size_t channels) : options_{std::move(with)}, places_{channels} {}

    using pointer = std::shared_ptr<impl>;

    static awaitable<channel> consuming(pointer self)
    {
        return open(self, &self->consumes_, false);
    }
    static awaitable<pooled_channel> publishing(pointer self);

    static awaitable<void> close(pointer self)
    {
        self->idle_.clear();
        for (std::optional<connection>* const one : {&self->publishes_, &self->consumes_}) {
            auto taken = std::exchange(*one, std::nullopt);
            if (!taken) continue;
            auto closing = taken->close();
            co_await std::move(closing);
        }
    }

    void give_back(channel c)
    {
        if (c.is_open()) idle_.push_back(std::move(c));
    }

private:
    static awaitable<channel> open(pointer self, std::optional<connection>* one, bool confirms);
    static awaitable<connection> connected(pointer self, std::optional<connection>* one)
    {
        auto entering = self->connecting_.acquire();
        const auto held = co_await std::move(entering);
        if (!*one) {
            auto connecting = connect(self->options_);
            one->emplace(co_await std::move(connecting));
        }
        co_return **one;
    }

    options options_;
    lock connecting_;
    semaphore places_;
    std::optional<connection> publishes_;
    std::optional<connection> consumes_;
    std::vector<channel> idle_;
};

class pooled_channel::place {
public:
    place(std::shared_ptr<pool::impl> of, semaphore::guard taken)
        : of_{std::move(of)}, taken_{std::move(taken)}
    {
    }
    void give_back(channel c) { of_->give_back(std::move(c)); }

private:
    std::shared_ptr<pool::impl> of_;
    semaphore::guard taken_;
};

pooled_channel::pooled_channel(std::unique_ptr<place> from, channel c)
    : from_{std::move(from)}, channel_{std::move(c)}
{
}
pooled_channel::pooled_channel(pooled_channel&&) noexcept = default;
pooled_channel::~pooled_channel()
{
    if (from_) from_->give_back(std::move(*channel_));
}

awaitable<channel> pool::impl::open(pointer self, std::optional<connection>* one, bool confirms)
{
    auto connecting = connected(self, one);
    connection over = co_await std::move(connecting);
    auto opening = confirms ? over.channel(confirm()) : over.channel();
    try {
        co_return co_await std::move(opening);
    } catch (const connection_error&) {
        // It has ended for good; who comes next connects anew, unless another has already.
        if (*one && !(*one)->is_open()) one->reset();
        throw;
    }
}

awaitable<pooled_channel> pool::impl::publishing(pointer self)
{
    auto entering = self->places_.acquire();
    semaphore::guard taken = co_await std::move(entering);
    auto mine = std::make_unique<pooled_channel::place>(self, std::move(taken));
    while (!self->idle_.empty()) {
        channel c = std::move(self->idle_.back());
        self->idle_.pop_back();
        if (c.is_open()) co_return pooled_channel(std::move(mine), std::move(c));
    }
    auto opening = open(self, &self->publishes_, true);
    channel c = co_await std::move(opening);
    co_return pooled_channel(std::move(mine), std::move(c));
}

pool::pool(options with, std::size_t channels)
    : impl_{std::make_shared<impl>(std::move(with), channels)}
{
}

awaitable<pooled_channel> pool::publishing()
{
    return impl::publishing(impl_);
}

awaitable<channel> pool::consuming()
{
    return impl::consuming(impl_);
}

awaitable<void> pool::close()
{
    return impl::close(impl_);
}

}  // namespace ferry::amqp

#pragma once

#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/lease.hpp"

#include <memory>
#include <string>
#include <utility>

namespace ferry::tasks::detail {

/// A lease whose work a `Holder` does at home, which alone touches it and destroys it.
template <class Holder>
class home_lease final : public lease {
public:
    home_lease(std::shared_ptr<home> at, std::shared_ptr<Holder> holder)
        : home_{std::move(at)}, holder_{std::move(holder)}
    {
    }
    ~home_lease() override
    {
        home_->post([holder = std::move(holder_)]() mutable { holder.reset(); });
    }
    awaitable<std::string> acquire() override
    {
        return home::call<std::string>(home_,
                                       [holder = holder_] { return Holder::acquire(holder); });
    }
    awaitable<bool> keep(std::string note) override
    {
        return home::call<bool>(home_, [holder = holder_, note = std::move(note)]() mutable {
            return Holder::keep(holder, std::move(note));
        });
    }
    awaitable<void> release() override
    {
        return home::call<void>(home_, [holder = holder_] { return Holder::release(holder); });
    }

private:
    std::shared_ptr<home> home_;
    std::shared_ptr<Holder> holder_;
};

}  // namespace ferry::tasks::detail

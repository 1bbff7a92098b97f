#include "ferry/harvest/detail/executor.hpp"

namespace ferry::harvest::detail {
namespace {

class local_executor final : public executor {
public:
    local_executor(std::shared_ptr<fetcher> f, std::size_t parallel)
        : fetcher_{std::move(f)}, parallel_{parallel}
    {
    }
    awaitable<std::vector<page_outcome>> fetch(std::vector<waiting_url> urls) override
    {
        return fetcher_->fetch_all(std::move(urls));
    }
    std::size_t batch() const noexcept override { return 1; }
    std::size_t parallel() const noexcept override { return parallel_; }
    awaitable<void> keep_alive() override { return nothing(); }
    awaitable<void> close() override { return nothing(); }

private:
    static awaitable<void> nothing() { co_return; }

    std::shared_ptr<fetcher> fetcher_;
    std::size_t parallel_;
};

}  // namespace

std::unique_ptr<executor> make_local_executor(std::shared_ptr<fetcher> f, std::size_t parallel)
{
    return std::make_unique<local_executor>(std::move(f), parallel);
}

}  // namespace ferry::harvest::detail

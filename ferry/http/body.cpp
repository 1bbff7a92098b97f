#include "ferry/http/body.hpp"

#include "ferry/http/options.hpp"

namespace ferry::http {
namespace {

class function_source final : public body_source {
public:
    function_source(std::function<awaitable<buffer>()> next, std::optional<std::uint64_t> length)
        : next_(std::move(next)), length_(length)
    {
    }

    awaitable<buffer> next() override
    {
        started_ = true;
        return next_();
    }
    std::optional<std::uint64_t> length() const override { return length_; }
    bool rewind() override { return !started_; }

private:
    std::function<awaitable<buffer>()> next_;
    std::optional<std::uint64_t> length_;
    bool started_ = false;
};

}  // namespace

void body::apply_to(request_options& to) const
{
    if (to.body.present()) {
        throw error(ferry::errc::invalid_state, "a request has one body: json, form or body");
    }
    to.body = *this;
}

body generator(std::function<awaitable<buffer>()> next, std::string content_type,
               std::optional<std::uint64_t> length)
{
    return body(std::make_shared<function_source>(std::move(next), length),
                std::move(content_type));
}

}  // namespace ferry::http

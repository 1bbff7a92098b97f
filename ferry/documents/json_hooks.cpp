#include "ferry/documents/detail/json_special.hpp"

#include <utility>
#include <vector>

namespace ferry::json {
namespace {

using detail::parse_hooks;

std::shared_ptr<parse_hooks> copy_of(const std::shared_ptr<const parse_hooks>& hooks)
{
    return hooks == nullptr ? std::make_shared<parse_hooks>()
                            : std::make_shared<parse_hooks>(*hooks);
}

}  // namespace

parse_options& parse_options::object_hook(std::function<value(value)> convert)
{
    auto hooks = copy_of(hooks_);
    hooks->object = std::move(convert);
    hooks_ = std::move(hooks);
    return *this;
}

parse_options& parse_options::float_hook(std::function<value(std::string_view)> convert)
{
    auto hooks = copy_of(hooks_);
    hooks->real = std::move(convert);
    hooks_ = std::move(hooks);
    return *this;
}

parse_options& parse_options::int_hook(std::function<value(std::string_view)> convert)
{
    auto hooks = copy_of(hooks_);
    hooks->integer = std::move(convert);
    hooks_ = std::move(hooks);
    return *this;
}

namespace detail {
namespace {

value leaf_of(const value& v, const parse_hooks& hooks)
{
    if (v.is_decimal() && hooks.real) return hooks.real(v.to<std::string>());
    if (v.is_integer() && hooks.integer) return hooks.integer(v.to<std::string>());
    return v;
}

bool is_container(const value& v) noexcept
{
    return v.is_object() || v.is_sequence();
}

/// A container that is being made again.
class frame {
public:
    explicit frame(const value& from)
        : from_{from},
          cells_{reinterpret_cast<const value*>(ferry::detail::value_access::get(from).elements())},
          made_{from.is_object()  ? value::object()
                : from.is_tuple() ? value::tuple()
                                  : value::array()}
    {
        made_.reserve(from.size());
    }

    /// The next child, null at the end.
    const value* next() const noexcept
    {
        if (next_ == from_.size()) return nullptr;
        return from_.is_object() ? &cells_[2 * next_ + 1] : &cells_[next_];
    }
    void put(value child)
    {
        if (from_.is_object()) {
            made_.insert(cells_[2 * next_].as<std::string_view>(), std::move(child));
        } else {
            made_.push_back(std::move(child));
        }
        ++next_;
    }
    value finish(const parse_hooks& hooks)
    {
        if (from_.is_object() && hooks.object) return hooks.object(std::move(made_));
        return std::move(made_);
    }

private:
    const value& from_;
    const value* cells_;  // elements, or keys and values in turn
    std::size_t next_ = 0;
    value made_;
};

}  // namespace

value apply_hooks(const value& parsed, const parse_hooks& hooks)
{
    if (!is_container(parsed)) return leaf_of(parsed, hooks);
    std::vector<frame> frames;
    frames.emplace_back(parsed);
    for (;;) {
        const value* const child = frames.back().next();
        if (child != nullptr && is_container(*child)) {
            frames.emplace_back(*child);
        } else if (child != nullptr) {
            frames.back().put(leaf_of(*child, hooks));
        } else {
            value done = frames.back().finish(hooks);
            frames.pop_back();
            if (frames.empty()) return done;
            frames.back().put(std::move(done));
        }
    }
}

parse_options special_options::plain(const parse_options& options)
{
    parse_options plain = options;
    plain.hooks_ = nullptr;
    plain.decimals_ = options.decimals_ || (options.hooks_ != nullptr && options.hooks_->real);
    return plain;
}

value special_options::parse(std::string_view text, std::size_t from, std::size_t to,
                             const parse_options& options)
{
    const parse_options rest = plain(options);
    value parsed =
        options.relaxed_ ? parse_relaxed(text, from, to, rest) : parse_part(text, from, to, rest);
    return options.hooks_ == nullptr ? parsed : apply_hooks(parsed, *options.hooks_);
}

prefix special_options::parse_prefix(std::string_view text, const parse_options& options)
{
    const parse_options rest = plain(options);
    prefix first =
        options.relaxed_ ? parse_relaxed_prefix(text, rest) : json::parse_prefix(text, rest);
    if (options.hooks_ != nullptr) first.parsed = apply_hooks(first.parsed, *options.hooks_);
    return first;
}

}  // namespace detail
}  // namespace ferry::json

#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ferry {
namespace detail {

/// An allocator that leaves new elements uninitialised: `resize` before a read costs no pass of
/// zeros over the memory.
template <class T>
class uninitialised_allocator : public std::allocator<T> {
public:
    template <class U>
    struct rebind {
        using other = uninitialised_allocator<U>;
    };

    uninitialised_allocator() noexcept = default;
    template <class U>
    uninitialised_allocator(const uninitialised_allocator<U>&) noexcept
    {
    }

    template <class U>
    void construct(U* at) noexcept(std::is_nothrow_default_constructible_v<U>)
    {
        ::new (static_cast<void*>(at)) U;
    }
    template <class U, class... Args>
    void construct(U* at, Args&&... args)
    {
        ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    }
};

}  // namespace detail

/// Owned bytes. A vector but for one thing: `bytes(n)` and `resize(n)` leave the new bytes
/// uninitialised, so write them before you read them. `resize(n, std::byte{})` fills.
using bytes = std::vector<std::byte, detail::uninitialised_allocator<std::byte>>;

/// The bytes of a text, without a copy. The view lives as long as the text's owner.
inline std::span<const std::byte> as_bytes(std::string_view text) noexcept
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

/// Bytes seen as characters, without a copy and without a check of their encoding.
inline std::string_view as_text(std::span<const std::byte> data) noexcept
{
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// An owned copy.
inline bytes to_bytes(std::span<const std::byte> data)
{
    return {data.begin(), data.end()};
}
inline bytes to_bytes(std::string_view text)
{
    return to_bytes(as_bytes(text));
}
inline std::string to_string(std::span<const std::byte> data)
{
    return std::string{as_text(data)};
}

/// Puts a copy of `data` at the end. `data` must not lie inside `to`.
inline void append(bytes& to, std::span<const std::byte> data)
{
    to.insert(to.end(), data.begin(), data.end());
}
inline void append(bytes& to, std::string_view text)
{
    append(to, as_bytes(text));
}

}  // namespace ferry

#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

/// \file
/// What `json::lines` and `json::stream` share: a reader that is fed from a source as it asks, and
/// the iterator over what it gives.
namespace ferry::json {

/// Fills a buffer and tells how much of it; 0 is the end.
using source = std::function<std::size_t(std::span<char>)>;

namespace detail {

/// \throws error  std::errc::io_error, when it is read.
source source_of(std::istream& in);

/// \tparam Reader  document_reader or element_reader
template <class Reader>
class pull {
public:
    /// \param from  none: the reader has all of its input.
    pull(Reader reader, source from) : reader_{std::move(reader)}, from_{std::move(from)} {}

    Reader& reader() noexcept { return reader_; }
    bool has_source() const noexcept { return static_cast<bool>(from_); }

    template <class T>
    std::optional<T> next()
    {
        for (;;) {
            if (auto made = reader_.template next<T>()) return made;
            if (reader_.at_end()) return std::nullopt;
            if (chunk_ == nullptr) chunk_ = std::make_unique<char[]>(chunk_bytes);
            const std::size_t size = from_({chunk_.get(), chunk_bytes});
            if (size == 0) {
                reader_.finish();
            } else {
                reader_.feed(std::string_view{chunk_.get(), size});
            }
        }
    }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;

    Reader reader_;
    source from_;
    std::unique_ptr<char[]> chunk_;
};

/// Walks what a `pull` gives; an input iterator.
template <class T, class Reader>
class pull_iterator {
public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    pull_iterator() = default;
    explicit pull_iterator(pull<Reader>& from) : from_{&from} { ++*this; }

    const T& operator*() const noexcept { return *current_; }
    const T* operator->() const noexcept { return &*current_; }
    pull_iterator& operator++()
    {
        current_ = from_->template next<T>();
        if (!current_) from_ = nullptr;
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const pull_iterator& a, const pull_iterator& b) noexcept
    {
        return a.from_ == b.from_;
    }

private:
    pull<Reader>* from_ = nullptr;
    std::optional<T> current_;
};

}  // namespace detail
}  // namespace ferry::json

#pragma once

#include "ferry/documents/tree.hpp"

#include <cstddef>
#include <iterator>

namespace ferry::documents {

/// Goes through what a range of elements gives. The range says which node follows another one, and
/// must outlive the iterator.
template <class Range, class Element>
class element_iterator {
public:
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using reference = Element;
    using pointer = void;

    element_iterator() = default;
    element_iterator(const Range* range, node_id at) noexcept : range_(range), at_(at) {}

    Element operator*() const noexcept { return {*range_->tree_, at_}; }
    element_iterator& operator++() noexcept
    {
        at_ = range_->after(at_);
        return *this;
    }
    element_iterator operator++(int) noexcept
    {
        element_iterator old = *this;
        ++*this;
        return old;
    }
    friend bool operator==(const element_iterator& a, const element_iterator& b) noexcept
    {
        return a.at_ == b.at_;
    }

private:
    const Range* range_ = nullptr;
    node_id at_ = no_node;
};

}  // namespace ferry::documents

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace ferry::amqp::detail {

/// Which deliveries of a channel wait for the program's word, by their tags, which grow. Memory:
/// twice what waits at most, however long one of them does.
class unsettled {
public:
    void add(std::uint64_t tag)
    {
        if (!tags_.empty() && tag <= tags_.back().tag) return;
        tags_.push_back({tag, true});
        ++open_;
    }

    /// \param multiple  it and all before it; 0 then means all.
    void settle(std::uint64_t tag, bool multiple) noexcept
    {
        if (multiple) {
            while (!tags_.empty() && (tag == 0 || tags_.front().tag <= tag)) drop_front();
        } else if (const auto at = find(tag); at != tags_.end() && at->open) {
            at->open = false;
            --open_;
        }
        while (!tags_.empty() && !tags_.front().open) drop_front();
        if (tags_.size() > 2 * open_ + few) {
            std::erase_if(tags_, [](const entry& e) { return !e.open; });
        }
    }

    bool contains(std::uint64_t tag) const noexcept
    {
        const auto at = find(tag);
        return at != tags_.end() && at->open;
    }
    std::size_t size() const noexcept { return open_; }
    void clear() noexcept
    {
        tags_.clear();
        open_ = 0;
    }

private:
    struct entry {
        std::uint64_t tag;
        bool open;
    };
    static constexpr std::size_t few = 64;

    template <class Self>
    static auto find_in(Self& in, std::uint64_t tag) noexcept
    {
        const auto at = std::ranges::lower_bound(in, tag, {}, &entry::tag);
        return at != in.end() && at->tag == tag ? at : in.end();
    }
    std::deque<entry>::iterator find(std::uint64_t tag) noexcept { return find_in(tags_, tag); }
    std::deque<entry>::const_iterator find(std::uint64_t tag) const noexcept
    {
        return find_in(tags_, tag);
    }
    void drop_front() noexcept
    {
        if (tags_.front().open) --open_;
        tags_.pop_front();
    }

    std::deque<entry> tags_;
    std::size_t open_ = 0;
};

}  // namespace ferry::amqp::detail

#pragma once

#include <string_view>
#include <vector>

namespace ferry::command {

/// A verb's arguments, to be changed before they are read.
class arguments {
public:
    arguments(int argc, char** argv) : words_(argv, argv + argc) {}

    /// curl's `-C -` says the same as `-C`.
    void drop_dash_behind(std::string_view short_name, std::string_view long_name)
    {
        for (std::size_t i = 1; i < words_.size(); ++i) {
            const std::string_view before = words_[i - 1];
            const bool named = before == short_name || before == long_name;
            if (named && std::string_view(words_[i]) == "-") {
                words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }

    int count() const noexcept { return static_cast<int>(words_.size()); }
    char** data() noexcept { return words_.data(); }

private:
    std::vector<char*> words_;
};

}  // namespace ferry::command

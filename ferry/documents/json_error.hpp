#pragma once

#include "ferry/core/error.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::json {

/// The text is not JSON.
class parse_error : public ferry::parse_error {
public:
    parse_error(std::error_code code, std::string_view message, text_position where,
                std::string excerpt = {}, std::string pointer = {})
        : ferry::parse_error{code, message, where, std::move(excerpt)},
          pointer_{std::make_shared<const std::string>(std::move(pointer))}
    {
    }

    /// JSON Pointer (RFC 6901) of the value that was being read, such as `/items/3/price`; of what
    /// `lines` and `stream` read, within the document or element.
    const std::string& pointer() const noexcept { return *pointer_; }

private:
    std::shared_ptr<const std::string> pointer_;
};

}  // namespace ferry::json

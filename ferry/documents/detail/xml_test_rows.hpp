#pragma once

// What the tests of well-formedness share: texts that are accepted, and texts that are not.

#include "ferry/documents/xml.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::xml::test_rows {

inline constexpr bool good = true;
inline constexpr bool bad = false;

struct row {
    std::string text;
    bool is_good;
};

inline const options reading = options().entities(entities::expand).skip_unread(true);

/// Empty, or why it is refused.
inline std::string refusal(const std::string& bytes, const options& with = reading)
{
    try {
        parse(std::as_bytes(std::span(bytes)), {}, with);
        return {};
    } catch (const parse_error& e) {
        return e.what();
    }
}

inline void expect_all(const std::vector<row>& rows)
{
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(refusal(r.text).empty(), r.is_good) << refusal(r.text);
    }
}

/// A document with that internal subset and that content.
inline std::string with_dtd(const std::string& subset, const std::string& content = "")
{
    return "<!DOCTYPE a [" + subset + "]><a>" + content + "</a>";
}

}  // namespace ferry::xml::test_rows

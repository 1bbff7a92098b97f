#include "ferry/documents/jsonpath.hpp"

#include "ferry/documents/detail/jsonpath_cursor.hpp"
#include "ferry/documents/detail/jsonpath_parser.hpp"
#include "ferry/documents/json_pointer.hpp"

namespace ferry::jsonpath {
namespace {

/// In single quotes, with the escapes of RFC 9535 section 2.7.
std::string quoted(std::string_view name)
{
    constexpr std::string_view controls = "\b\t\n\f\r'\\";
    constexpr std::string_view letters = "btnfr'\\";
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "'";
    for (const char c : name) {
        const auto unsigned_c = static_cast<unsigned char>(c);
        if (const auto i = controls.find(c); i != std::string_view::npos) {
            text += '\\';
            text += letters[i];
        } else if (unsigned_c < 0x20) {
            text += "\\u00";
            text += digits[unsigned_c >> 4U];
            text += digits[unsigned_c & 15U];
        } else {
            text += c;
        }
    }
    return text + '\'';
}

}  // namespace

std::string node::path() const
{
    std::string path = "$";
    for (const auto& [name, index] : from_->steps()) {
        path += '[';
        path += name != nullptr ? quoted(name->as<std::string_view>()) : std::to_string(index);
        path += ']';
    }
    return path;
}

std::string node::pointer() const
{
    std::string pointer;
    for (const auto& [name, index] : from_->steps()) {
        pointer += '/';
        pointer += name != nullptr ? json::escape_pointer(name->as<std::string_view>())
                                   : std::to_string(index);
    }
    return pointer;
}

selection::selection(std::shared_ptr<const detail::query> query, const ferry::value& root)
    : cursor_{std::make_unique<detail::cursor>(std::move(query), root)}
{
    cursor_->max_steps(default_max_steps);
    current_.from_ = cursor_.get();
}

selection::selection(selection&&) noexcept = default;
selection& selection::operator=(selection&&) noexcept = default;
selection::~selection() = default;

selection& selection::max_steps(std::uint64_t count) & noexcept
{
    cursor_->max_steps(count);
    return *this;
}

selection&& selection::max_steps(std::uint64_t count) && noexcept
{
    cursor_->max_steps(count);
    return std::move(*this);
}

bool selection::next()
{
    current_.value_ = cursor_->next();
    return current_.value_ != nullptr;
}

std::vector<ferry::value> selection::values()
{
    std::vector<ferry::value> found;
    while (next()) found.push_back(current_.value());
    return found;
}

std::vector<std::string> selection::paths()
{
    std::vector<std::string> found;
    while (next()) found.push_back(current_.path());
    return found;
}

std::vector<located> selection::all()
{
    std::vector<located> found;
    while (next()) found.push_back({current_.path(), &current_.value()});
    return found;
}

std::size_t selection::count()
{
    std::size_t found = 0;
    while (next()) ++found;
    return found;
}

const ferry::value* selection::first()
{
    next();
    return current_.value_;
}

selection expression::select(const value& root) const
{
    return {query_, root};
}

bool expression::is_singular() const noexcept
{
    return query_->singular;
}

const std::string& expression::text() const noexcept
{
    return query_->text;
}

expression compile(std::string_view query)
{
    return expression{std::make_shared<const detail::query>(detail::parse_query(query))};
}

selection select(const value& root, std::string_view query)
{
    return compile(query).select(root);
}

}  // namespace ferry::jsonpath

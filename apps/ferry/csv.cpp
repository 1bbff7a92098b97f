#include "apps/ferry/csv.hpp"

#include "ferry/documents/json.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ferry::command {
namespace {

void put_field(std::string& line, std::string_view text)
{
    const bool quoted = text.find_first_of(",\"\r\n") != std::string_view::npos ||
                        text.starts_with(' ') || text.ends_with(' ');
    if (!quoted) {
        line += text;
        return;
    }
    line += '"';
    for (const char c : text) line.append(c == '"' ? 2 : 1, c);
    line += '"';
}

void put_value(std::string& line, const value& v)
{
    if (v.is_null()) return;
    if (v.is_string()) return put_field(line, v.as<std::string_view>());
    put_field(line, json::dump(v, json::dump_options().nan(json::nan_policy::literal)));
}

class table {
public:
    explicit table(std::span<const value> records)
    {
        for (const value& record : records) {
            if (!record.is_object()) continue;
            for (const auto& [name, field] : record.items()) {
                if (known_.insert(name).second) names_.push_back(name);
            }
        }
        if (!names_.empty()) put_header();
        for (const value& record : records) put(record);
    }

    std::string text() && { return std::move(text_); }

private:
    void put_header()
    {
        for (const std::string_view name : names_) {
            if (name.data() != names_[0].data()) text_ += ',';
            put_field(text_, name);
        }
        text_ += '\n';
    }

    void put(const value& record)
    {
        std::string line;
        bool first = true;
        const auto put_next = [&line, &first](const value* v) {
            if (!std::exchange(first, false)) line += ',';
            if (v != nullptr) put_value(line, *v);
        };
        if (record.is_object()) {
            for (const std::string_view name : names_) put_next(record.get_if(name));
        } else if (record.is_sequence()) {
            for (const value& field : record) put_next(&field);
        } else {
            put_next(&record);
        }
        text_ += line + '\n';
    }

    std::unordered_set<std::string_view> known_;
    std::vector<std::string_view> names_;
    std::string text_;
};

}  // namespace

std::string to_csv(std::span<const value> records)
{
    return table{records}.text();
}

}  // namespace ferry::command

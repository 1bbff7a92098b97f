#include "ferry/tasks/detail/python_text.hpp"
#include "ferry/tasks/message.hpp"

#include <cmath>
#include <string>
#include <variant>
#include <vector>

namespace ferry::tasks {
namespace {

/// Containers wait on a stack of its own, so that nesting costs no call depth.
class writer {
public:
    std::string write(const value& top, bool as_tuple)
    {
        begin(top, as_tuple);
        while (!open_.empty()) advance();
        return std::move(out_);
    }

private:
    struct container {
        const value* next;
        const value* end;
        std::string_view closing;
        bool lonely_comma;  ///< a tuple of one
        bool first = true;
    };
    struct object {
        using iterator = decltype(std::declval<const value&>().items().begin());
        iterator next;
        iterator end;
        bool first = true;
    };

    void begin(const value& v, bool as_tuple = false)
    {
        switch (v.kind()) {
            case value_kind::null: out_ += "None"; break;
            case value_kind::boolean: out_ += v.as<bool>() ? "True" : "False"; break;
            case value_kind::integer: out_ += v.to<std::string>(); break;
            case value_kind::real: out_ += real(v.as<double>(), v); break;
            case value_kind::decimal: out_ += "Decimal('" + v.to<std::string>() + "')"; break;
            case value_kind::string: detail::append_quoted(out_, v.as<std::string_view>()); break;
            case value_kind::datetime: detail::append_time(out_, v.as<zoned_time>()); break;
            case value_kind::binary:
                detail::append_quoted(out_, v.as<std::span<const std::byte>>());
                break;
            case value_kind::array:
                if (!as_tuple) return open(v, "[", "]", false);
                [[fallthrough]];
            case value_kind::tuple: return open(v, "(", ")", v.size() == 1);
            case value_kind::set:
                if (v.empty()) out_ += "set()";
                if (!v.empty()) open(v, "{", "}", false);
                return;
            case value_kind::object: {
                out_ += '{';
                const auto range = v.items();
                open_.emplace_back(object{range.begin(), range.end()});
                break;
            }
        }
    }

    void open(const value& v, std::string_view opening, std::string_view closing, bool lonely)
    {
        out_ += opening;
        open_.emplace_back(container{v.begin(), v.end(), closing, lonely});
    }

    void advance()
    {
        if (auto* const list = std::get_if<container>(&open_.back())) {
            if (list->next == list->end) {
                if (list->lonely_comma) out_ += ',';
                out_ += list->closing;
                open_.pop_back();
                return;
            }
            if (!std::exchange(list->first, false)) out_ += ", ";
            begin(*list->next++);
            return;
        }
        auto& map = std::get<object>(open_.back());
        if (map.next == map.end) {
            out_ += '}';
            open_.pop_back();
            return;
        }
        if (!std::exchange(map.first, false)) out_ += ", ";
        const auto [key, item] = *map.next;
        ++map.next;
        detail::append_quoted(out_, key);
        out_ += ": ";
        begin(item);
    }

    static std::string real(double number, const value& v)
    {
        if (std::isnan(number)) return "nan";
        if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
        return v.to<std::string>();
    }

    std::string out_;
    std::vector<std::variant<container, object>> open_;
};

}  // namespace

std::string python_repr(const value& v)
{
    return writer{}.write(v, false);
}

std::string python_args_repr(const value& args)
{
    return writer{}.write(args, true);
}

}  // namespace ferry::tasks

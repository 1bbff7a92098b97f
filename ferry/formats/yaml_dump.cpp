#include "ferry/core/base64.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/formats/detail/yaml_scalar.hpp"
#include "ferry/formats/detail/yaml_surrogates.hpp"
#include "ferry/formats/yaml.hpp"

#include <yaml.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

namespace ferry::yaml {
namespace {

using detail::resolve;
using detail::scalar_kind;

yaml_char_t* to_yaml(const char* text) noexcept
{
    // libyaml copies it, but has no const.
    return reinterpret_cast<yaml_char_t*>(const_cast<char*>(text));
}

constexpr const char* binary_tag = "tag:yaml.org,2002:binary";
constexpr const char* set_tag = "tag:yaml.org,2002:set";

/// Where libyaml writes to. Nothing is thrown through its C: what fails is kept.
class sink {
public:
    explicit sink(std::size_t limit) : limit_{limit} {}

    static int write(void* to, unsigned char* data, std::size_t size) noexcept
    {
        auto& self = *static_cast<sink*>(to);
        try {
            self.append({reinterpret_cast<const char*>(data), size});
            return 1;
        } catch (...) {
            self.failure_ = std::current_exception();
            return 0;
        }
    }
    void append(std::string_view more)
    {
        if (more.size() > limit_ - text.size()) throw limit_error{"max_bytes", limit_};
        text += more;
    }
    void rethrow() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

    std::string text;

private:
    std::size_t limit_;
    std::exception_ptr failure_;
};

}  // namespace

class dumper {
public:
    explicit dumper(const dump_options& options) : options_{options}, out_{options.max_bytes_}
    {
        if (yaml_emitter_initialize(&emitter_) == 0) throw std::bad_alloc{};
        yaml_emitter_set_output(&emitter_, &sink::write, &out_);
        yaml_emitter_set_width(&emitter_, options.width_);
        yaml_emitter_set_indent(&emitter_, options.indent_);
        yaml_emitter_set_unicode(&emitter_, options.unicode_ ? 1 : 0);
        yaml_event_t event;
        emit(event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    }
    dumper(const dumper&) = delete;
    dumper& operator=(const dumper&) = delete;
    ~dumper() { yaml_emitter_delete(&emitter_); }

    void document(const value& v)
    {
        const std::size_t from = out_.text.size();
        yaml_event_t event;
        emit(event, yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr,
                                                         options_.start_ ? 0 : 1));
        write(v);
        while (!levels_.empty()) step();
        emit(event, yaml_document_end_event_initialize(&event, 1));
        const std::size_t start = out_.text.find_first_not_of("- ", from);
        const char first = start == std::string::npos ? '\0' : out_.text[start];
        open_ended_ = !v.is_sequence() && !v.is_object() &&
                      std::string_view{"'\"|>!"}.find(first) == std::string_view::npos;
    }

    std::string finish()
    {
        yaml_event_t event;
        emit(event, yaml_stream_end_event_initialize(&event));
        // PyYAML tells that a plain scalar ends here; libyaml does not.
        if (open_ended_) out_.append("...\n");
        if (!hides_) return std::move(out_.text);
        if (lookalike_) refuse_text();
        return detail::show_escaped_surrogates(out_.text);
    }

private:
    struct level {
        std::vector<const value*> items;  ///< elements, or keys and values in turn
        std::size_t next = 0;
        value_kind kind;
    };

    void emit(yaml_event_t& event, int made)
    {
        if (made == 0) throw std::bad_alloc{};
        if (yaml_emitter_emit(&emitter_, &event) != 0) return;
        out_.rethrow();
        if (emitter_.error == YAML_EMITTER_ERROR && emitter_.problem != nullptr) {
            throw error{ferry::errc::malformed, std::string{"yaml: "} + emitter_.problem};
        }
        throw std::bad_alloc{};
    }

    [[noreturn]] static void refuse_text()
    {
        throw error{ferry::errc::malformed, "yaml: a text is not UTF-8"};
    }

    void string(std::string_view text)
    {
        lookalike_ = lookalike_ || detail::looks_like_hidden_surrogates(text);
        std::string hidden;
        if (!utf8::valid(text)) {
            hides_ = true;
            text = hidden = detail::hide_surrogates(text);
        }
        scalar(text, nullptr, resolve(text) == scalar_kind::string, true);
    }

    void scalar(std::string_view text, const char* tag, bool plain, bool quoted,
                yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE)
    {
        if (text.size() > INT32_MAX) throw limit_error{"max_string_bytes", INT32_MAX};
        yaml_event_t event;
        const int made = yaml_scalar_event_initialize(
            &event, nullptr, tag == nullptr ? nullptr : to_yaml(tag),
            to_yaml(text.data() == nullptr ? "" : text.data()), static_cast<int>(text.size()),
            plain ? 1 : 0, quoted ? 1 : 0, style);
        if (made == 0) refuse_text();
        emit(event, made);
    }
    void plain(std::string_view text) { scalar(text, nullptr, true, false); }

    static std::string real_text(double n)
    {
        if (std::isnan(n)) return ".nan";
        if (std::isinf(n)) return n < 0 ? "-.inf" : ".inf";
        std::string text = value{n}.to<std::string>();
        const std::size_t exponent = text.find('e');
        if (exponent != std::string::npos && text.find('.') == std::string::npos) {
            text.insert(exponent, ".0");
        }
        return text;
    }

    /// As datetime's isoformat(" ").
    static std::string time_text(const zoned_time& t)
    {
        const auto offset = std::chrono::duration_cast<std::chrono::minutes>(
            t.offset.value_or(std::chrono::seconds{0}));
        std::string text = iso8601::format(t.utc, offset);
        if (!t.offset) text.resize(text.size() - 6);
        text[10] = ' ';
        return text;
    }

    static std::string base64_lines(std::span<const std::byte> data)
    {
        constexpr std::size_t columns = 76;
        const std::string all = base64::encode(data);
        std::string lines;
        for (std::size_t at = 0; at < all.size(); at += columns) {
            lines.append(all, at, columns);
            lines += '\n';
        }
        return lines;
    }

    void write(const value& v)
    {
        switch (v.kind()) {
            case value_kind::null: return plain("null");
            case value_kind::boolean: return plain(v.as<bool>() ? "true" : "false");
            case value_kind::integer:
            case value_kind::decimal: return plain(v.to<std::string>());
            case value_kind::real: return plain(real_text(v.as<double>()));
            case value_kind::string: return string(v.as<std::string_view>());
            case value_kind::binary:
                return scalar(base64_lines(v.as<std::span<const std::byte>>()), binary_tag, false,
                              false, YAML_LITERAL_SCALAR_STYLE);
            case value_kind::datetime: return plain(time_text(v.as<zoned_time>()));
            default: return open(v);
        }
    }

    void open(const value& v)
    {
        if (levels_.size() >= options_.max_depth_) {
            throw limit_error{"max_depth", options_.max_depth_};
        }
        level opened{{}, 0, v.kind()};
        yaml_event_t event;
        if (v.is_array() || v.is_tuple()) {
            for (const value& element : v) opened.items.push_back(&element);
            emit(event, yaml_sequence_start_event_initialize(
                            &event, nullptr, nullptr, 1,
                            options_.flow_ ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));
        } else {
            const bool set = v.is_set();
            if (set) {
                for (const value& element : v) {
                    opened.items.push_back(&element);
                    opened.items.push_back(&null_);
                }
            } else {
                for (const auto& [key, item] : v.items()) {
                    // The key is the value in front of its own.
                    opened.items.push_back(&item - 1);
                    opened.items.push_back(&item);
                }
            }
            if (options_.sort_keys_) sort(opened.items);
            emit(event, yaml_mapping_start_event_initialize(
                            &event, nullptr, set ? to_yaml(set_tag) : nullptr, set ? 0 : 1,
                            options_.flow_ ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE));
        }
        levels_.push_back(std::move(opened));
    }

    /// By keys, unless they cannot be compared, as PyYAML.
    static void sort(std::vector<const value*>& items)
    {
        using pair = std::pair<const value*, const value*>;
        std::vector<pair> pairs;
        for (std::size_t i = 0; i < items.size(); i += 2) {
            if ((*items[i] <=> *items[0]) == std::partial_ordering::unordered) return;
            pairs.emplace_back(items[i], items[i + 1]);
        }
        std::ranges::sort(pairs,
                          [](const pair& a, const pair& b) { return (*a.first <=> *b.first) < 0; });
        items.clear();
        for (const auto& [key, item] : pairs) {
            items.push_back(key);
            items.push_back(item);
        }
    }

    void step()
    {
        level& top = levels_.back();
        if (top.next < top.items.size()) return write(*top.items[top.next++]);
        yaml_event_t event;
        const bool sequence = top.kind == value_kind::array || top.kind == value_kind::tuple;
        levels_.pop_back();
        emit(event, sequence ? yaml_sequence_end_event_initialize(&event)
                             : yaml_mapping_end_event_initialize(&event));
    }

    const dump_options& options_;
    yaml_emitter_t emitter_{};
    sink out_;
    std::vector<level> levels_;
    bool open_ended_ = false;
    bool hides_ = false;      ///< surrogates
    bool lookalike_ = false;  ///< some text looks like what is hidden
    const value null_;
};

std::string dump(const value& v, const dump_options& options)
{
    dumper out{options};
    out.document(v);
    return out.finish();
}

std::string dump_all(std::span<const value> documents, dump_options options)
{
    options.explicit_start();
    dumper out{options};
    for (const value& v : documents) out.document(v);
    return out.finish();
}

}  // namespace ferry::yaml

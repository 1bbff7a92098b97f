#include "ferry/core/base64.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/formats/detail/graph.hpp"
#include "ferry/formats/detail/yaml_scalar.hpp"
#include "ferry/formats/detail/yaml_surrogates.hpp"
#include "ferry/formats/yaml.hpp"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_set>

namespace ferry::yaml {

using detail::scalar_kind;
using formats::detail::graph;
using formats::detail::node;
using formats::detail::node_id;
using formats::detail::node_kind;

namespace {

constexpr std::string_view tag_prefix = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) noexcept
{
    return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

/// One event of libyaml.
class event {
public:
    event() = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() { yaml_event_delete(&raw); }

    yaml_event_t raw{};
};

/// The text as libyaml's events.
class event_source {
public:
    explicit event_source(std::string_view text) : text_{text}
    {
        if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc{};
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    event_source(const event_source&) = delete;
    event_source& operator=(const event_source&) = delete;
    ~event_source() { yaml_parser_delete(&parser_); }

    void next(event& into)
    {
        yaml_event_delete(&into.raw);
        if (yaml_parser_parse(&parser_, &into.raw) != 0) return;
        if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc{};
        std::string what = parser_.context == nullptr ? "" : parser_.context;
        if (!what.empty()) what += ": ";
        what += parser_.problem == nullptr ? "not YAML" : parser_.problem;
        if (parser_.error == YAML_READER_ERROR) fail_at_offset(what, parser_.problem_offset);
        fail(what, parser_.problem_mark);
    }

    [[noreturn]] void fail(std::string_view what, const yaml_mark_t& where) const
    {
        // libyaml counts characters.
        std::size_t offset = 0;
        for (std::size_t i = 0; i < where.index && offset < text_.size(); ++i) {
            offset += utf8::decode(text_, offset).size;
        }
        fail_at(what, {offset, where.line + 1, where.column + 1});
    }

private:
    [[noreturn]] void fail_at_offset(std::string_view what, std::size_t offset) const
    {
        fail_at(what, position_of(text_, std::min(offset, text_.size())));
    }
    [[noreturn]] void fail_at(std::string_view what, text_position where) const
    {
        const std::size_t at = std::min(where.offset, text_.size());
        const std::size_t begin = at == 0 ? 0 : text_.rfind('\n', at - 1) + 1;
        std::string line{text_.substr(begin, std::min(text_.find('\n', at), text_.size()) - begin)};
        constexpr std::size_t shown = 80;
        if (line.size() > shown) line = utf8::repair(line.substr(0, shown));
        throw parse_error{make_error_code(ferry::errc::malformed), "yaml: " + std::string{what},
                          where, std::move(line)};
    }

    std::string_view text_;
    yaml_parser_t parser_{};
};

}  // namespace

/// Makes a graph of each document: PyYAML's composer and constructor.
class composer {
public:
    composer(std::string_view text, const load_options& options)
        : hidden_{options.surrogates_ ? detail::hide_escaped_surrogates(text) : std::nullopt},
          source_{hidden_ ? *hidden_ : text},
          options_{options}
    {
        source_.next(event_);  // the stream's start
    }

    /// The next document, nullopt at the end.
    std::optional<value> next()
    {
        source_.next(event_);
        if (event_.raw.type == YAML_STREAM_END_EVENT) return std::nullopt;
        nodes_ = std::make_unique<graph>(2 * options_.max_expanded_);
        anchors_.clear();
        merged_ = 0;
        do {
            source_.next(event_);
            take();
        } while (!levels_.empty());
        source_.next(event_);  // the document's end
        const formats::detail::tree_limits limits{options_.max_depth_, options_.max_expanded_,
                                                  duplicate_keys::last};
        return formats::detail::to_value(*nodes_, root_, limits, [](node_id id) { return id; });
    }

    [[noreturn]] void fail(std::string_view what) const
    {
        source_.fail(what, event_.raw.start_mark);
    }

private:
    enum class shape : std::uint8_t { sequence, mapping, set, pairs };

    struct level {
        node_id id;
        shape of;
        yaml_mark_t start;
        std::vector<node_id> items;
        std::vector<std::size_t> merges;  ///< where keys are `<<`
    };

    void take()
    {
        switch (event_.raw.type) {
            case YAML_ALIAS_EVENT: return alias();
            case YAML_SCALAR_EVENT: return add(scalar(), event_.raw.data.scalar.anchor);
            case YAML_SEQUENCE_START_EVENT: {
                const auto& start = event_.raw.data.sequence_start;
                return open(false, view(start.tag), start.anchor);
            }
            case YAML_MAPPING_START_EVENT: {
                const auto& start = event_.raw.data.mapping_start;
                return open(true, view(start.tag), start.anchor);
            }
            default: return close();
        }
    }

    /// The next value is a key.
    bool at_key() const noexcept
    {
        return !levels_.empty() && levels_.back().of >= shape::mapping &&
               levels_.back().of != shape::pairs && levels_.back().items.size() % 2 == 0;
    }

    void add(node_id id, const yaml_char_t* anchor)
    {
        remember(id, anchor);
        attach(id);
    }
    void remember(node_id id, const yaml_char_t* anchor)
    {
        if (anchor == nullptr) return;
        if (!anchors_.try_emplace(std::string{view(anchor)}, id).second) {
            fail("found duplicate anchor '" + std::string{view(anchor)} + "'");
        }
    }
    void attach(node_id id)
    {
        if (levels_.empty()) {
            root_ = id;
            return;
        }
        if (at_key() && !(*nodes_)[id].hashable) fail("found unhashable key");
        levels_.back().items.push_back(id);
    }

    void alias()
    {
        const auto found = anchors_.find(std::string{view(event_.raw.data.alias.anchor)});
        if (found == anchors_.end()) {
            fail("found undefined alias '" + std::string{view(event_.raw.data.alias.anchor)} + "'");
        }
        attach(found->second);
    }

    void open(bool is_mapping, std::string_view tag, const yaml_char_t* anchor)
    {
        if (levels_.size() >= options_.max_depth_) {
            throw limit_error{"max_depth", options_.max_depth_};
        }
        const std::string_view name = short_name(tag, is_mapping ? "map" : "seq");
        const bool pairs = name == "omap" || name == "pairs";
        if (name != "map" && name != "set" && name != "seq" && !pairs) unknown_tag(tag);
        if (is_mapping != (name == "map" || name == "set")) {
            fail(is_mapping ? "expected a sequence node, but found mapping"
                            : "expected a mapping node, but found sequence");
        }
        const shape of = name == "map"   ? shape::mapping
                         : name == "set" ? shape::set
                         : pairs         ? shape::pairs
                                         : shape::sequence;
        const node_kind kind = of == shape::mapping ? node_kind::dict
                               : of == shape::set   ? node_kind::set
                                                    : node_kind::list;
        const node_id id = nodes_->add_container(kind, {});
        add(id, anchor);
        levels_.push_back({id, of, event_.raw.start_mark, {}, {}});
    }

    void close()
    {
        level done = std::move(levels_.back());
        levels_.pop_back();
        switch (done.of) {
            case shape::sequence: return nodes_->append(done.id, done.items);
            case shape::mapping: return close_mapping(done);
            case shape::set: {
                std::vector<node_id> keys;
                for (std::size_t i = 0; i < done.items.size(); i += 2) {
                    keys.push_back(done.items[i]);
                }
                return nodes_->append(done.id, keys);
            }
            case shape::pairs: {
                std::vector<node_id> pairs;
                for (const node_id item : done.items) {
                    const node n = (*nodes_)[item];
                    if (n.kind != node_kind::dict || n.size != 1) {
                        fail("expected mappings of one member each");
                    }
                    pairs.push_back(nodes_->add_container(node_kind::tuple, nodes_->items(item)));
                }
                return nodes_->append(done.id, pairs);
            }
        }
    }

    void close_mapping(const level& done)
    {
        check_duplicates(done);
        if (done.merges.empty()) return nodes_->append(done.id, done.items);
        // What is merged comes first, so that the mapping's own members win.
        for (const std::size_t key : done.merges) merge(done, done.items[key + 1]);
        for (std::size_t i = 0; i < done.items.size(); i += 2) {
            if (std::ranges::binary_search(done.merges, i)) continue;
            nodes_->append(done.id, std::span{done.items}.subspan(i, 2));
        }
    }

    void merge(const level& into, node_id from)
    {
        const auto take_over = [&](node_id mapping) {
            if ((*nodes_)[mapping].kind != node_kind::dict || is_open(mapping)) {
                source_.fail("expected a mapping or list of mappings for merging", into.start);
            }
            merged_ += (*nodes_)[mapping].size;
            if (merged_ > options_.max_expanded_) {
                throw limit_error{"max_expanded", options_.max_expanded_};
            }
            const auto items = nodes_->items(mapping);
            nodes_->append(into.id, items);
        };
        if ((*nodes_)[from].kind != node_kind::list) return take_over(from);
        // The first of several wins.
        const auto all = nodes_->items(from);
        for (std::size_t i = all.size(); i-- > 0;) take_over(all[i]);
    }

    bool is_open(node_id id) const noexcept
    {
        return std::ranges::any_of(levels_, [id](const level& l) { return l.id == id; });
    }

    void check_duplicates(const level& done) const
    {
        if (options_.duplicates_ == duplicate_keys::last) return;
        std::unordered_set<std::string_view> seen;
        for (std::size_t i = 0; i < done.items.size(); i += 2) {
            const node_id key = done.items[i];
            if ((*nodes_)[key].kind != node_kind::string) continue;
            if (std::ranges::binary_search(done.merges, i)) continue;
            if (!seen.insert(nodes_->text(key)).second) {
                source_.fail("the key '" + std::string{nodes_->text(key)} + "' comes twice",
                             done.start);
            }
        }
    }

    /// What follows YAML's own prefix; empty for another tag.
    static std::string_view short_name(std::string_view tag, std::string_view otherwise) noexcept
    {
        if (tag.empty() || tag == "!") return otherwise;
        return tag.starts_with(tag_prefix) ? tag.substr(tag_prefix.size()) : std::string_view{};
    }
    [[noreturn]] void unknown_tag(std::string_view tag) const
    {
        fail("could not determine a constructor for the tag '" + std::string{tag} + "'");
    }

    node_id scalar()
    {
        const auto& s = event_.raw.data.scalar;
        std::string_view text{reinterpret_cast<const char*>(s.value), s.length};
        if (hidden_) {
            const bool escaped = s.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
            text = nodes_->keep(detail::show_surrogates(text, escaped));
        }
        if (s.plain_implicit != 0) return implicit(text);
        const std::string_view tag = view(s.tag);
        const std::string_view name = short_name(tag, "str");
        if (name == "str") return string(text);
        if (name == "null") return nodes_->add({});
        if (name == "bool") return boolean(text);
        if (name == "int") return integer(text);
        if (name == "float") return real(text);
        if (name == "timestamp") return time(text);
        if (name == "binary") return binary(text);
        if (name == "map" || name == "set") fail("expected a mapping node, but found scalar");
        if (name == "seq" || name == "omap" || name == "pairs") {
            fail("expected a sequence node, but found scalar");
        }
        unknown_tag(tag);
    }

    node_id implicit(std::string_view text)
    {
        switch (detail::resolve(text)) {
            case scalar_kind::null: return nodes_->add({});
            case scalar_kind::boolean: return boolean(text);
            case scalar_kind::integer: return integer(text);
            case scalar_kind::real: return real(text);
            case scalar_kind::timestamp: return time(text);
            case scalar_kind::string: return string(text);
            case scalar_kind::merge:
                if (at_key() && levels_.back().of == shape::mapping) {
                    levels_.back().merges.push_back(levels_.back().items.size());
                    return string(text);
                }
                unknown_tag("tag:yaml.org,2002:merge");
            case scalar_kind::value:
                if (at_key()) return string(text);
                unknown_tag("tag:yaml.org,2002:value");
        }
        return string(text);
    }

    node_id string(std::string_view text)
    {
        return nodes_->add_text(node_kind::string, nodes_->keep(text));
    }
    node_id boolean(std::string_view text)
    {
        const auto b = detail::to_boolean(text);
        if (!b) fail("not a boolean");
        node made;
        made.kind = node_kind::boolean;
        made.integer = *b ? 1 : 0;
        return nodes_->add(made);
    }
    node_id integer(std::string_view text)
    {
        if (text.size() > options_.max_digits_) {
            throw limit_error{"max_digits", options_.max_digits_};
        }
        const auto n = detail::to_integer(text);
        if (!n) fail("not an integer");
        if (const auto small = n->to_int64()) {
            node made;
            made.kind = node_kind::integer;
            made.integer = *small;
            return nodes_->add(made);
        }
        return nodes_->add_text(node_kind::big_integer, nodes_->keep(n->to_string()));
    }
    node_id real(std::string_view text)
    {
        const auto n = detail::to_real(text);
        if (!n) fail("not a float");
        node made;
        made.kind = node_kind::real;
        made.real = *n;
        return nodes_->add(made);
    }
    node_id time(std::string_view text)
    {
        const auto t = detail::to_time(text);
        if (!t) fail("not a time that exists");
        node made;
        made.kind = node_kind::time;
        made.integer = t->utc.time_since_epoch().count();
        made.has_offset = t->offset.has_value();
        made.offset =
            static_cast<std::int32_t>(t->offset.value_or(std::chrono::seconds{0}).count());
        return nodes_->add(made);
    }
    node_id binary(std::string_view text)
    {
        try {
            const bytes data = base64::decode_lenient(text);
            return nodes_->add_text(node_kind::binary, nodes_->keep(as_text(data)));
        } catch (const parse_error&) {
            fail("failed to decode base64 data");
        }
    }

    const std::optional<std::string> hidden_;
    event_source source_;
    const load_options& options_;
    event event_;
    std::unique_ptr<graph> nodes_;
    std::map<std::string, node_id, std::less<>> anchors_;
    std::vector<level> levels_;
    std::size_t merged_ = 0;
    node_id root_ = 0;
};

value load(std::string_view text, const load_options& options)
{
    composer documents{text, options};
    std::optional<value> first = documents.next();
    if (!first) return {};
    if (documents.next()) documents.fail("expected a single document in the stream");
    return std::move(*first);
}

std::vector<value> load_all(std::string_view text, const load_options& options)
{
    composer documents{text, options};
    std::vector<value> all;
    while (auto document = documents.next()) all.push_back(std::move(*document));
    return all;
}

}  // namespace ferry::yaml

#include "ferry/documents/detail/xmltodict_sink.hpp"
#include "ferry/documents/detail/xmltodict_text.hpp"

#include <algorithm>
#include <utility>

namespace ferry::xmltodict {

using xml::detail::attribute_event;
using xml::detail::name_entry;

/// Builds the dictionary as the elements close.
class dictionary : public dictionary_sink {
public:
    /// \param whole  the text that is read, if it stays where it is.
    dictionary(const parse_options& with, std::string_view whole)
        : with_(with),
          whole_(whole),
          wants_path_(with.postprocess_ || with.force_list_ || with.force_cdata_ ||
                      with.item_callback_),
          first_kept_(with.item_depth_ == 0 ? 1 : with.item_depth_ + (is_old() ? 1 : 0))
    {
        frames_.emplace_back();
    }

    void set_reader(const xml::detail::reader& from) noexcept override { from_ = &from; }
    value take() override { return std::move(frames_.front().item); }

    void on_start(name_entry& name, std::uint32_t space,
                  std::span<const attribute_event> attributes) override
    {
        top().text.cut();
        if (names_.size() == depth_) names_.emplace_back();
        name_at(depth_, name, space);
        ++depth_;
        note_declarations(attributes);
        if (wants_path_) path_.push_back({std::string(name_here()), raw_attributes(attributes)});
        if (depth_ >= first_kept_) {
            ++top_;
            if (frames_.size() == top_) frames_.emplace_back();
            frame& made = top();
            made.clear();
            if (with_.xml_attribs_) add_attributes(made.item, attributes);
        }
        if (!attributes.empty() && !declarations_.is_null() && has_plain(attributes))
            declarations_ = value();
    }

    void on_end(name_entry&) override
    {
        const std::string_view name = name_here();
        if (is_old() && depth_ == with_.item_depth_) {
            frame& base = top();
            give(base.item.is_null() && base.text.has_any() ? value(base.text.text()) : base.item);
        }
        if (top_ > 0) {
            frame& closed = top();
            value made = finished(closed, name);
            --top_;
            if (!is_old() && depth_ == with_.item_depth_)
                give(made);
            else
                push(top(), name, std::move(made));
        } else {
            frames_.front().clear();
        }
        if (wants_path_) path_.pop_back();
        --depth_;
    }

    void on_text(std::string_view text) override
    {
        if (text.empty()) return;
        frame& f = top();
        if (with_.order_ != order::forget) add_piece(f, text);
        f.text.add(text, with_.cdata_separator_, whole_);
    }

    void on_cdata(std::string_view text) override
    {
        cut();
        on_text(text);
        cut();
    }

    void on_comment(std::string_view text) override
    {
        if (with_.process_comments_ || with_.disable_entities_) top().text.cut();
        if (!with_.process_comments_) return;
        push(top(), with_.comment_key_, with_.strip_whitespace_ ? detail::stripped(text) : text);
    }

    void on_instruction(std::string_view, std::string_view) override { cut(); }

private:
    struct frame {
        value item;  // null as long as there is nothing but text
        detail::pieces text;
        std::vector<value> order;  // keys, {"#text": piece}; or {key: value}, piece
        std::string piece;         // not in `order` yet
        bool has_children = false;

        void clear()
        {
            item = value();
            text.clear();
            has_children = false;
            order.clear();
            piece.clear();
        }
    };

    bool is_old() const noexcept { return with_.compat_ == compat::v0_13; }
    frame& top() noexcept { return frames_[top_]; }

    /// xmltodict sees pieces of text where expat calls something else in between, which it does for
    /// every markup only if entities are disabled.
    void cut()
    {
        if (with_.disable_entities_) top().text.cut();
    }

    struct open_name {
        std::string made;       // if it differs from what is written
        std::string_view text;  // if not
    };

    std::string_view name_here() const noexcept
    {
        const open_name& n = names_[depth_ - 1];
        return n.text.empty() ? n.made : n.text;
    }

    void name_at(std::size_t depth, const name_entry& name, std::uint32_t space)
    {
        open_name& n = names_[depth];
        n.text = {};
        if (!with_.process_namespaces_ && !with_.namespaces_)
            n.text = name.text;
        else
            build_name(name, space, n.made);
    }

    void build_name(const name_entry& name, std::uint32_t space, std::string& out) const
    {
        if (!with_.process_namespaces_ || space == xml::detail::no_space) {
            out = with_.process_namespaces_ ? name.local_text() : name.text;
        } else {
            out = from_->uri(space);
            out += with_.namespace_separator_;
            out += name.local_text();
        }
        shorten(out);
    }

    void shorten(std::string& name) const
    {
        if (!with_.namespaces_) return;
        const std::size_t at = name.rfind(with_.namespace_separator_);
        if (at == std::string::npos) return;
        // As Python slices it: one character is taken for the separator.
        const std::string_view local = std::string_view(name).substr(at + 1);
        const auto found = with_.namespaces_->find(name.substr(0, at));
        if (found == with_.namespaces_->end()) {
            name = name.substr(0, at) + with_.namespace_separator_ + std::string(local);
        } else if (found->second.empty()) {
            name = std::string(local);
        } else {
            name = found->second + with_.namespace_separator_ + std::string(local);
        }
    }

    bool is_declaration(const attribute_event& a) const noexcept
    {
        return with_.process_namespaces_ && a.space == xml::detail::xmlns_space;
    }

    bool has_plain(std::span<const attribute_event> attributes) const noexcept
    {
        return std::any_of(attributes.begin(), attributes.end(),
                           [this](const auto& a) { return !is_declaration(a); });
    }

    void note_declarations(std::span<const attribute_event> attributes)
    {
        if (!with_.process_namespaces_) return;
        for (const attribute_event& a : attributes)
            if (is_declaration(a))
                declarations_.insert(from_->prefix(a.name->declares),
                                     a.value.empty() ? value() : value(a.value));
    }

    /// The key of an attribute, made once a name where namespaces do not matter.
    std::string_view attribute_key(const attribute_event& a)
    {
        if (with_.process_namespaces_) {
            std::string name;
            build_name(*a.name, a.space, name);
            key_ = with_.attr_prefix_ + name;
            return key_;
        }
        if (a.name->cookie == xml::detail::no_index) {
            std::string name;
            build_name(*a.name, a.space, name);
            a.name->cookie = static_cast<std::uint32_t>(keys_.size());
            keys_.push_back(with_.attr_prefix_ + name);
        }
        return keys_[a.name->cookie];
    }

    /// What the path shows: the names as they are, and null for no attributes.
    value raw_attributes(std::span<const attribute_event> attributes) const
    {
        value made;
        for (const attribute_event& a : attributes) {
            if (is_declaration(a)) continue;
            std::string key;
            if (with_.process_namespaces_ && a.space != xml::detail::no_space)
                key = std::string(from_->uri(a.space)) + with_.namespace_separator_ +
                      std::string(a.name->local_text());
            else
                key = with_.process_namespaces_ ? a.name->local_text() : a.name->text;
            made.insert(key, a.value);
        }
        if (!made.is_null() && !declarations_.is_null()) made.insert("xmlns", declarations_);
        return made;
    }

    void add_attributes(value& to, std::span<const attribute_event> attributes)
    {
        const auto add = [&](std::string_view key, value v) {
            if (with_.postprocess_) {
                auto made = with_.postprocess_(path_, std::string(key), std::move(v));
                if (!made) return;
                to.insert(made->first, std::move(made->second));
            } else {
                if (to.is_null()) start(to);
                to.insert(key, std::move(v));
            }
        };
        bool has_any = false;
        for (const attribute_event& a : attributes) {
            if (is_declaration(a)) continue;
            has_any = true;
            add(attribute_key(a), a.value);
        }
        // They wait for the next element that has attributes, as in xmltodict.
        if (has_any && !declarations_.is_null()) add(with_.attr_prefix_ + "xmlns", declarations_);
    }

    /// In a list that is mixed, texts are whole between elements: comments and CDATA sections leave
    /// no gap where the list is written again.
    void add_piece(frame& f, std::string_view text) const
    {
        if (with_.order_ == order::keys && f.text.is_cut()) end_piece(f);
        f.piece += text;
    }

    void end_piece(frame& f) const
    {
        if (f.piece.empty()) return;
        const std::string_view text = f.piece;
        f.order.push_back(with_.order_ == order::mixed ? value(text)
                                                       : value::object("#text", text));
        f.piece.clear();
    }

    bool decides(const decision& d, std::string_view key, const value& v) const
    {
        return d && d(path(path_).first(path_.empty() ? 0 : path_.size() - 1), key, v);
    }

    /// The value of an element that ends.
    value finished(frame& f, std::string_view name)
    {
        end_piece(f);
        if (with_.order_ == order::mixed && f.has_children) {
            value list = value::array();
            for (value& v : f.order) list.push_back(std::move(v));
            f.item.insert("#mixed", std::move(list));
            return std::move(f.item);
        }
        std::string_view text = f.text.text();
        if (with_.strip_whitespace_) text = detail::stripped(text);
        const bool has_text = !text.empty();
        if (with_.order_ == order::keys && f.has_children) add_order(f);
        if (has_text && f.item.is_null() && decides(with_.force_cdata_, name, text))
            f.item = value::object();
        if (f.item.is_null()) return has_text ? value(text) : value();
        if (has_text) push(f, with_.cdata_key_, text, false);
        return std::move(f.item);
    }

    void add_order(frame& f) const
    {
        if (with_.strip_whitespace_)
            std::erase_if(f.order, [](const value& v) {
                return v.is_object() && detail::stripped(v["#text"].as<std::string_view>()).empty();
            });
        if (f.order.size() < 2) return;
        value list = value::array();
        for (value& v : f.order) list.push_back(std::move(v));
        f.item.insert("#order", std::move(list));
    }

    /// Makes an object of null, with room: most elements have a few children.
    static void start(value& item)
    {
        constexpr std::size_t room = 4;
        item = value::object();
        item.reserve(room);
    }

    void push(frame& to, std::string_view key, value v, bool is_child = true)
    {
        if (with_.postprocess_) {
            auto made = with_.postprocess_(path_, std::string(key), std::move(v));
            if (!made) return;
            put(to, made->first, std::move(made->second), is_child);
        } else {
            put(to, key, std::move(v), is_child);
        }
    }

    void put(frame& to, std::string_view key, value v, bool is_child)
    {
        to.has_children = to.has_children || is_child;
        if (is_child) end_piece(to);
        if (is_child && with_.order_ == order::keys) to.order.emplace_back(key);
        if (is_child && with_.order_ == order::mixed && top_ > 0) {
            to.order.push_back(value::object(key, std::move(v)));
            return;
        }
        if (to.item.is_null()) start(to.item);
        const std::size_t before = to.item.size();
        value& there = to.item[key];
        if (to.item.size() != before) {
            const bool as_list = decides(with_.force_list_, key, v);
            there = as_list ? value::array(std::move(v)) : std::move(v);
        } else if (there.is_array()) {
            there.push_back(std::move(v));
        } else {
            value old = std::move(there);
            there = value::array(std::move(old), std::move(v));
        }
    }

    void give(const value& item) const
    {
        if (!with_.item_callback_(path_, item)) throw parsing_interrupted();
    }

    const parse_options& with_;
    std::string_view whole_;
    const xml::detail::reader* from_ = nullptr;
    bool wants_path_;
    std::size_t first_kept_;
    std::vector<frame> frames_;  // the first is what parse() gives; the others are used again
    std::size_t top_ = 0;
    std::vector<open_name> names_;
    std::vector<std::string> keys_;  // of attributes, by the cookies of their names
    std::string key_;
    std::size_t depth_ = 0;
    std::vector<path_item> path_;
    value declarations_;  // of namespaces, not given to an element yet
};

std::unique_ptr<dictionary_sink> make_full_sink(const parse_options& with, std::string_view whole)
{
    return std::make_unique<dictionary>(with, whole);
}

}  // namespace ferry::xmltodict

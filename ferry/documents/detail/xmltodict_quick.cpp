#include "ferry/core/value_builder.hpp"
#include "ferry/documents/detail/xmltodict_sink.hpp"
#include "ferry/documents/detail/xmltodict_text.hpp"

namespace ferry::xmltodict {

using xml::detail::attribute_event;
using xml::detail::name_entry;

/// For options that decide nothing element by element: straight into a value's arena.
class quick_dictionary : public dictionary_sink {
public:
    quick_dictionary(const parse_options& with, std::string_view whole)
        : with_(with), whole_(whole), frames_(1)
    {
    }

    static bool suits(const parse_options& with)
    {
        return !with.postprocess_ && !with.force_list_ && !with.force_cdata_ &&
               with.item_depth_ == 0 && with.order_ == order::forget && !with.process_namespaces_ &&
               !with.namespaces_;
    }

    value take() override
    {
        build_.object(0, duplicate_keys::list);
        return build_.finish();
    }

    void on_start(name_entry& name, std::uint32_t,
                  std::span<const attribute_event> attributes) override
    {
        frames_[depth_].text.cut();
        build_.string(name.text);
        if (++depth_ == frames_.size()) frames_.emplace_back();
        frame& made = frames_[depth_];
        made.text.clear();
        made.mark = build_.mark();
        if (!with_.xml_attribs_) return;
        for (const attribute_event& a : attributes) {
            if (a.name->cookie == xml::detail::no_index) {
                a.name->cookie = static_cast<std::uint32_t>(keys_.size());
                keys_.push_back(with_.attr_prefix_ + std::string(a.name->text));
            }
            build_.string(keys_[a.name->cookie]);
            build_.string(a.value);
        }
    }
    void on_end(name_entry&) override
    {
        const frame& closed = frames_[depth_--];
        std::string_view text = closed.text.text();
        if (with_.strip_whitespace_) text = detail::stripped(text);
        const bool is_object = build_.mark() != closed.mark;
        if (!is_object && text.empty()) {
            build_.null();
        } else {
            if (is_object && !text.empty()) build_.string(with_.cdata_key_);
            if (!text.empty()) build_.string(text);
            if (is_object) build_.object(closed.mark, duplicate_keys::list);
        }
    }
    void on_text(std::string_view text) override
    {
        if (!text.empty()) frames_[depth_].text.add(text, with_.cdata_separator_, whole_);
    }
    void on_cdata(std::string_view text) override
    {
        cut();
        on_text(text);
        cut();
    }
    void on_comment(std::string_view text) override
    {
        if (with_.process_comments_ || with_.disable_entities_) frames_[depth_].text.cut();
        if (!with_.process_comments_) return;
        build_.string(with_.comment_key_);
        build_.string(with_.strip_whitespace_ ? detail::stripped(text) : text);
    }
    void on_instruction(std::string_view, std::string_view) override { cut(); }

private:
    struct frame {
        detail::pieces text;
        std::size_t mark = 0;
    };

    void cut()
    {
        if (with_.disable_entities_) frames_[depth_].text.cut();
    }

    const parse_options& with_;
    std::string_view whole_;
    value_builder build_;
    std::vector<frame> frames_;
    std::size_t depth_ = 0;
    std::vector<std::string> keys_;  // of attributes, by the cookies of their names
};

std::unique_ptr<dictionary_sink> make_sink(const parse_options& with, std::string_view whole)
{
    if (!quick_dictionary::suits(with)) return make_full_sink(with, whole);
    return std::make_unique<quick_dictionary>(with, whole);
}

}  // namespace ferry::xmltodict

#include "ferry/harvest/detail/field_reader.hpp"

#include "ferry/core/time.hpp"
#include "ferry/harvest/detail/convert.hpp"

namespace ferry::harvest::detail {
namespace {

std::string meta_text(std::string_view name, const page_facts& facts)
{
    if (name == "url") return std::string{facts.url};
    if (name == "status") return std::to_string(facts.status);
    if (name == "depth") return std::to_string(facts.depth);
    if (name == "referrer") return std::string{facts.referrer};
    return iso8601::format(now());  // fetched_at
}

}  // namespace

field_reader::field_reader(const field& f) : field_{f}
{
    for (const auto& s : f.selectors) {
        source made{s.from, s.text, {}};
        if (s.from == selector::source::xpath) made.path = xpath::expression::compile(s.text);
        sources_.push_back(std::move(made));
    }
    if (!f.pattern.empty()) regex_ = compile_pattern(f.pattern);
    if (!f.replace_pattern.empty()) replace_ = compile_pattern(f.replace_pattern);
    if (f.fallback) {
        auto made = convert(f, *f.fallback, {});
        if (!made) throw error{errc::malformed, f.name + ": the default is no " + f.type.text()};
        fallback_ = std::move(*made);
    }
}

value field_reader::read(const xpath::node& at, const page_facts& facts) const
{
    value list = value::array();
    std::vector<std::string> texts;
    for (const auto& from : sources_) {
        texts.clear();
        collect(from, at, facts, texts);
        for (auto& text : texts) {
            value made = convert_one(std::move(text), facts);
            if (made.is_null()) continue;
            if (!field_.type.list) return made;
            list.push_back(std::move(made));
        }
        if (!list.empty()) break;
    }
    if (field_.type.list) return list;
    return fallback_;
}

void field_reader::collect(const source& from, const xpath::node& at, const page_facts& facts,
                           std::vector<std::string>& texts) const
{
    if (from.from == selector::source::constant) {
        texts.push_back(from.text);
        return;
    }
    if (from.from == selector::source::meta) {
        texts.push_back(meta_text(from.text, facts));
        return;
    }
    const auto found = from.path->evaluate(at);
    if (!found.is_nodes()) {
        texts.push_back(found.to_string());
        return;
    }
    for (const auto& node : found.nodes()) {
        if (field_.attribute.empty()) {
            texts.push_back(node.string());
        } else if (node.is_element()) {
            if (const auto v = node.tree().attribute_value(node.id(), field_.attribute)) {
                texts.emplace_back(*v);
            }
        }
        if (!field_.type.list && !texts.empty()) return;
    }
}

value field_reader::convert_one(std::string text, const page_facts& facts) const
{
    if (regex_) {
        re2::StringPiece groups[2];
        const int wanted = regex_->NumberOfCapturingGroups() > 0 ? 2 : 1;
        if (!regex_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups, wanted)) return {};
        const auto& match = groups[wanted - 1];
        text = std::string{match.data() ? match.data() : "", match.size()};
    }
    if (replace_) re2::RE2::GlobalReplace(&text, *replace_, field_.replace_with);
    if (field_.strip) text = collapse_space(text);
    if (text.empty()) return {};
    auto made = convert(field_, text, facts.base);
    return made ? std::move(*made) : value{};
}

}  // namespace ferry::harvest::detail

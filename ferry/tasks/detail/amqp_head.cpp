#include "ferry/tasks/detail/amqp_head.hpp"

#include "ferry/amqp/properties_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::size_t uuid_bytes = 36;
constexpr std::size_t usual_head_bytes = 512;

/// Task headers as fields of a table.
class table_writer {
public:
    table_writer(amqp::properties_writer& to, const std::string& out, head_marks* marks) noexcept
        : to_{to}, out_{out}, marks_{marks}
    {
    }

    void text(std::string_view name, std::string_view v)
    {
        to_.header(name, v);
        if (marks_ == nullptr) return;
        const std::size_t at = out_.size() - v.size();
        if (name == "id") marks_->id = at;
        if (name == "root_id") marks_->root_id = at;
        if (name == "argsrepr") marks_->arguments = at;
    }
    void null(std::string_view name) { to_.header(name, value{}); }
    void integer(std::string_view name, std::int64_t v) { to_.header(name, value{v}); }
    void boolean(std::string_view name, bool v) { to_.header(name, value{v}); }
    void limits(std::string_view name, std::optional<double> a, std::optional<double> b)
    {
        static const value none = value::array(value{}, value{});
        if (!a && !b) return to_.header(name, none);
        to_.header(name, value::array(a ? value{*a} : value{}, b ? value{*b} : value{}));
    }

private:
    amqp::properties_writer& to_;
    const std::string& out_;
    head_marks* marks_;
};

std::uint32_t number_at(std::string_view text, std::size_t at)
{
    std::uint32_t n = 0;
    for (const char c : text.substr(at, sizeof n)) n = n << 8U | static_cast<unsigned char>(c);
    return n;
}

void put_number(std::string& text, std::size_t at, std::size_t n)
{
    for (std::size_t i = sizeof(std::uint32_t); i > 0; n >>= 8U) {
        text[at + --i] = static_cast<char>(n & 0xFFU);
    }
}

}  // namespace

void write_head(const message& m, const encoded_body& body, std::string& to, head_marks* marks)
{
    to.reserve(to.size() + usual_head_bytes);
    amqp::properties_writer head(to);
    head.content_type(body.content_type);
    head.content_encoding(body.content_encoding);
    if (marks != nullptr) marks->table = to.size();
    head.begin_headers();
    table_writer headers(head, to, marks);
    write_headers(m, body, headers);
    head.end_headers();
    head.delivery_mode(2);
    head.priority(static_cast<std::uint8_t>(std::clamp(m.priority, 0, 255)));
    head.correlation_id(m.id);
    if (marks != nullptr) marks->correlation_id = to.size() - m.id.size();
    head.reply_to(m.reply_to);
    head.expiration(expiration_of(m));
}

bool head_template::plain(const message& m) noexcept
{
    return m.id.size() == uuid_bytes && m.kwargs.empty() && !m.eta && !m.expires &&
           m.retries == 0 && !m.hard_time_limit && !m.soft_time_limit && m.root_id.empty() &&
           m.parent_id.empty() && m.group.empty() && !m.group_index && m.shadow.empty() &&
           m.compression.empty() && m.args_repr.empty() && m.kwargs_repr.empty();
}

head_template::head_template(const message& like, const encoded_body& body)
{
    like_.task = like.task;
    like_.id = like.id;
    like_.ignore_result = like.ignore_result;
    like_.origin = like.origin;
    like_.reply_to = like.reply_to;
    like_.priority = like.priority;
    like_.serializer = like.serializer;
    write_head(like_, body, text_, &at_);
    const std::uint32_t shown = number_at(text_, at_.arguments - sizeof(std::uint32_t));
    text_.erase(at_.arguments, shown);
    at_.correlation_id -= shown;
    put_number(text_, at_.table, number_at(text_, at_.table) - shown);
}

bool head_template::fits(const message& m) const noexcept
{
    return m.task == like_.task && m.reply_to == like_.reply_to && m.origin == like_.origin &&
           m.ignore_result == like_.ignore_result && m.priority == like_.priority &&
           m.serializer == like_.serializer;
}

void head_template::append(const message& m, std::string& to) const
{
    const std::string shown = args_saferepr(m.args);
    const std::string_view text{text_};
    const std::size_t from = to.size();
    to.reserve(from + text.size() + shown.size());
    to.append(text.substr(0, at_.arguments)).append(shown).append(text.substr(at_.arguments));
    put_number(to, from + at_.table, number_at(text, at_.table) + shown.size());
    put_number(to, from + at_.arguments - sizeof(std::uint32_t), shown.size());
    for (const std::size_t at : {at_.id, at_.root_id, at_.correlation_id + shown.size()}) {
        m.id.copy(to.data() + from + at, uuid_bytes);
    }
}

std::shared_ptr<const head_template> head_templates::of(const message& m, const encoded_body& body)
{
    {
        const std::lock_guard lock{mutex_};
        const auto at = latest_.find(m.task);
        if (at != latest_.end() && at->second->fits(m)) return at->second;
    }
    auto made = std::make_shared<const head_template>(m, body);
    const std::lock_guard lock{mutex_};
    if (latest_.size() >= most) latest_.clear();
    latest_.insert_or_assign(m.task, made);
    return made;
}

void head_templates::write(const message& m, const encoded_body& body, std::string& to)
{
    if (head_template::plain(m)) return of(m, body)->append(m, to);
    write_head(m, body, to);
}

}  // namespace ferry::tasks::detail

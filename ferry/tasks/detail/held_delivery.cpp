#include "ferry/tasks/detail/held_delivery.hpp"

#include "ferry/formats/pickle.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace ferry::tasks::detail {
namespace {

// What Celery and ferry write into every message: kept without their names.
constexpr std::array usual_headers = {
    "lang",     "task",        "id",      "shadow",        "eta",     "expires",
    "group",    "group_index", "retries", "timelimit",     "root_id", "parent_id",
    "argsrepr", "kwargsrepr",  "origin",  "ignore_result",
};

constexpr int root_id = 10;

std::string id_of(const value& headers)
{
    const value* const id = headers.get_if("id");
    return id != nullptr && id->is_string() ? id->as<std::string>() : std::string{};
}

const value& missing()
{
    static const value none{std::span<const std::byte>{}};
    return none;
}

value unless(const std::string& text, std::string_view usual)
{
    return text == usual ? value{} : value{text};
}

std::string or_usual(const value& v, std::string_view usual)
{
    return v.is_null() ? std::string{usual} : v.as<std::string>();
}

// Pickles say everything that a value can hold. What there is twice is kept once.
value packable(const delivery& d)
{
    const envelope& e = d.content.open();
    value usual = value::tuple();
    value others = e.headers.deep_copy();
    for (const char* name : usual_headers) {
        const value* const found = e.headers.get_if(name);
        usual.push_back(found == nullptr ? missing() : *found);
        others.erase(name);
    }
    const std::string id = id_of(e.headers);
    if (const value* root = e.headers.get_if("root_id"); root != nullptr && *root == value{id}) {
        usual[root_id] = true;
    }
    return value::tuple(std::move(usual), others.empty() ? value{} : std::move(others),
                        unless(e.content_type, envelope().content_type),
                        unless(e.content_encoding, envelope().content_encoding),
                        unless(e.correlation_id, id), e.reply_to, e.expiration, e.priority,
                        e.delivery_mode, as_bytes(e.body), d.queue, d.tag, d.redelivered);
}

}  // namespace

held_delivery::held_delivery(delivery d)
{
    try {
        packed_ = as_text(pickle::dump(packable(d)));
    } catch (const error&) {
        whole_ = std::make_unique<const delivery>(std::move(d));
    }
}

delivery held_delivery::unpack() const
{
    if (whole_) return *whole_;
    const value all = pickle::load(as_bytes(packed_), pickle::load_options().lone_surrogates());
    const auto text = [&all](int index) { return all.at(index).as<std::string>(); };
    delivery d;
    envelope& e = d.content.open();
    if (!all.at(1).is_null()) e.headers = all.at(1).deep_copy();
    const value& usual = all.at(0);
    for (std::size_t i = 0; i < usual_headers.size(); ++i) {
        if (usual.at(i) != missing()) e.headers.insert(usual_headers[i], usual.at(i).deep_copy());
    }
    const std::string id = id_of(e.headers);
    if (usual.at(root_id) == value{true}) e.headers.insert("root_id", id);
    e.content_type = or_usual(all.at(2), envelope().content_type);
    e.content_encoding = or_usual(all.at(3), envelope().content_encoding);
    e.correlation_id = or_usual(all.at(4), id);
    e.reply_to = text(5);
    e.expiration = text(6);
    e.priority = all.at(7).as<int>();
    e.delivery_mode = all.at(8).as<int>();
    e.body = as_text(all.at(9).as<std::span<const std::byte>>());
    d.queue = text(10);
    d.tag = all.at(11).as<std::uint64_t>();
    d.redelivered = all.at(12).as<bool>();
    return d;
}

}  // namespace ferry::tasks::detail

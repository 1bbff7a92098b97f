#include "ferry/amqp/detail/topology.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::amqp::detail {

using kind = declaration::kind;

namespace {

constexpr int refusals_in_a_row = 3;

bool same(const declaration& a, const declaration& b)
{
    return a.what == b.what && a.name == b.name && a.source == b.source && a.key == b.key &&
           a.arguments == b.arguments;
}

}  // namespace

method declaration::declare_method() const noexcept
{
    switch (what) {
        case kind::exchange: return method::exchange_declare;
        case kind::queue: return method::queue_declare;
        case kind::exchange_binding: return method::exchange_bind;
        case kind::queue_binding: break;
    }
    return method::queue_bind;
}

method declaration::declared_method() const noexcept
{
    switch (what) {
        case kind::exchange: return method::exchange_declare_ok;
        case kind::queue: return method::queue_declare_ok;
        case kind::exchange_binding: return method::exchange_bind_ok;
        case kind::queue_binding: break;
    }
    return method::queue_bind_ok;
}

std::string declaration::encoded() const
{
    std::string out;
    wire_writer w(out);
    w.u16(0);
    w.short_text(what == kind::queue && named_by_broker ? "" : name);
    if (what == kind::exchange) w.short_text(type);
    if (what == kind::exchange_binding || what == kind::queue_binding) {
        w.short_text(source);
        w.short_text(key);
    }
    w.octet(bits);
    w.table(arguments);
    return out;
}

void topology::add(declaration d)
{
    const auto known = [&](const declaration& other) { return same(other, d); };
    if (std::ranges::none_of(all_, known)) all_.push_back(std::move(d));
}

void topology::succeeded(const declaration& d) noexcept
{
    for (declaration& other : all_) {
        if (same(other, d)) other.refusals = 0;
    }
}

void topology::failed(const declaration& d)
{
    std::erase_if(all_, [&](declaration& other) {
        return same(other, d) && ++other.refusals >= refusals_in_a_row;
    });
}

void topology::remove_binding(kind what, std::string_view name, std::string_view source,
                              std::string_view key)
{
    std::erase_if(all_, [&](const declaration& d) {
        return d.what == what && d.name == name && d.source == source && d.key == key;
    });
}

void topology::remove_queue(std::string_view name)
{
    std::erase_if(all_, [&](const declaration& d) {
        return (d.what == kind::queue || d.what == kind::queue_binding) && d.name == name;
    });
}

void topology::remove_exchange(std::string_view name)
{
    std::erase_if(all_, [&](const declaration& d) {
        const bool it =
            (d.what == kind::exchange || d.what == kind::exchange_binding) && d.name == name;
        return it || (d.what != kind::exchange && d.what != kind::queue && d.source == name);
    });
}

void topology::rename_queue(const std::string& from, const std::string& to)
{
    for (declaration& d : all_) {
        if ((d.what == kind::queue || d.what == kind::queue_binding) && d.name == from) d.name = to;
    }
}

std::vector<declaration> topology::in_order() const
{
    std::vector<declaration> sorted;
    for (const kind k :
         {kind::exchange, kind::queue, kind::exchange_binding, kind::queue_binding}) {
        std::ranges::copy_if(all_, std::back_inserter(sorted),
                             [&](const declaration& d) { return d.what == k; });
    }
    return sorted;
}

}  // namespace ferry::amqp::detail

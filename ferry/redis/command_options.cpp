#include "ferry/redis/command_options.hpp"

namespace ferry::redis {

stream_entry stream_entry::from_reply(reply r)
{
    using fields = std::vector<std::pair<std::string, std::string>>;
    auto [id, content] = std::move(r).as<std::pair<std::string, std::optional<fields>>>();
    return {std::move(id), std::move(content).value_or(fields())};
}

std::string_view stream_entry::operator[](std::string_view field) const noexcept
{
    for (const auto& [name, value] : fields_) {
        if (name == field) return value;
    }
    return {};
}

void set_options::append_to(command& c) const
{
    if (life_) c.add("PX").add(life_->count());
    if (keepttl_) c.add("KEEPTTL");
    if (nx_) c.add("NX");
    if (xx_) c.add("XX");
}

void zadd_options::append_to(command& c) const
{
    if (nx_) c.add("NX");
    if (xx_) c.add("XX");
    if (gt_) c.add("GT");
    if (lt_) c.add("LT");
    if (ch_) c.add("CH");
}

void xadd_options::append_to(command& c) const
{
    if (nomkstream_) c.add("NOMKSTREAM");
    if (maxlen_) c.add("MAXLEN").add("~").add(*maxlen_);
    c.add(id_);
}

}  // namespace ferry::redis

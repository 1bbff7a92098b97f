#include "ferry/redis/command.hpp"

namespace ferry::redis {
namespace {

void append_header(std::string& out, char type, std::size_t n)
{
    std::array<char, 24> text;
    text[0] = type;
    char* end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, n).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out.append(text.data(), end);
}

}  // namespace

void command::put(std::string_view text)
{
    append_header(body_, '$', text.size());
    body_.append(text).append("\r\n");
    ++count_;
}

std::string_view command::name() const noexcept
{
    std::string_view text = body_;
    text.remove_prefix(text.find('\n') + 1);
    return text.substr(0, text.find('\r'));
}

void command::append_to(std::string& out) const
{
    append_header(out, '*', count_);
    out += body_;
}

}  // namespace ferry::redis

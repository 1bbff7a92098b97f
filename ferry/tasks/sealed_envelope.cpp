#include "ferry/tasks/sealed_envelope.hpp"

#include "ferry/amqp/properties_reader.hpp"

namespace ferry::tasks {
namespace {

envelope opened(std::string_view properties, std::string_view body)
{
    const amqp::properties_reader p(properties);
    envelope e;
    if (p.has_headers()) e.headers = p.all_headers();
    e.content_type = p.content_type();
    e.content_encoding = p.content_encoding();
    e.correlation_id = p.correlation_id();
    e.reply_to = p.reply_to();
    e.expiration = p.expiration();
    e.priority = p.priority().value_or(0);
    e.delivery_mode = p.delivery_mode().value_or(2);
    e.body = body;
    return e;
}

}  // namespace

sealed_envelope::sealed_envelope(const sealed_envelope& other)
    : open_{other.open_ ? std::make_unique<envelope>(*other.open_) : nullptr},
      properties_{other.properties_},
      body_{other.body_}
{
}

const envelope& sealed_envelope::open() const
{
    if (!open_) {
        open_ =
            std::make_unique<envelope>(sealed() ? opened(properties_, body_.text()) : envelope());
    }
    return *open_;
}

envelope& sealed_envelope::open()
{
    static_cast<void>(std::as_const(*this).open());
    return *open_;
}

}  // namespace ferry::tasks

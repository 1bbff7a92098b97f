#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/tasks/message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace ferry::tasks {

/// A message as it came, opened when somebody looks: most are decoded, and nobody asks for their
/// envelope. Belongs to one thread at a time.
class sealed_envelope {
public:
    /// Holds `envelope()`.
    sealed_envelope() = default;
    sealed_envelope(envelope e) : open_{std::make_unique<envelope>(std::move(e))} {}
    /// What came by AMQP. \param properties  for an amqp::properties_reader.
    sealed_envelope(std::string properties, buffer body) noexcept
        : properties_{std::move(properties)}, body_{std::move(body)}
    {
    }
    sealed_envelope(const sealed_envelope& other);
    sealed_envelope& operator=(const sealed_envelope& other)
    {
        return *this = sealed_envelope(other);
    }
    sealed_envelope(sealed_envelope&&) noexcept = default;
    sealed_envelope& operator=(sealed_envelope&&) noexcept = default;
    ~sealed_envelope() = default;

    /// \throws error  the properties are malformed.
    const envelope& open() const;
    envelope& open();

    /// Whether it came by AMQP, and nobody has opened it.
    bool sealed() const noexcept { return !open_ && !properties_.empty(); }
    /// While it is sealed().
    std::string_view properties() const noexcept { return properties_; }
    std::string_view body() const noexcept { return body_.text(); }

private:
    mutable std::unique_ptr<envelope> open_;
    std::string properties_;
    buffer body_;
};

/// As decode() of the envelope, which stays sealed.
message decode(const sealed_envelope& e, const accept_content& accept = accept_content());

}  // namespace ferry::tasks

#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/context.hpp"
#include "ferry/zmq/message.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::zmq {

/// Decides who may connect to the server sockets of a context. As zmq.auth's AsyncioAuthenticator.
///
///     zmq::authenticator door;
///     door.configure_curve("*", "keys");         // the folder of the clients' NAME.key files
///     server.bind(...);
///
/// Without rules it lets NULL in and refuses PLAIN and CURVE. A rule for a domain is for the
/// sockets with that opt::zap_domain; "*" is for all that have no rule of their own. Sockets with
/// mechanism NULL ask only if they have a domain.
///
/// Make it before the sockets are bound. It answers while the loop of its thread runs. What is
/// decided is logged at the level debug, without passwords. An address's rules come first; those
/// who pass must still prove who they are. The user's name becomes the metadata `User-Id` of each
/// message: the PLAIN name, the CURVE public key as Z85, or "anonymous".
class authenticator {
public:
    /// \throws bind_error  the context has one already.
    explicit authenticator(const context& of = context::instance());
    authenticator(authenticator&&) noexcept = default;
    authenticator& operator=(authenticator&&) = delete;
    ~authenticator();

    /// Only these addresses, such as "127.0.0.1". As allow and deny, of which either may be used.
    /// \throws error(errc::wrong_state)  the other has been used.
    void allow(std::string address);
    void deny(std::string address);

    void configure_plain(std::string domain, std::map<std::string, std::string> passwords);

    /// The keys of the certificates in a folder, read now: call it again when they have changed.
    /// \throws error  the folder, or one of its files, cannot be read; the rules are as before.
    void configure_curve(std::string domain, const std::string& folder);

    /// Any client that has a key. As CURVE_ALLOW_ANY.
    void configure_curve_allow_any(std::string domain = "*");

    /// Asks a function with the domain and the client's public key as Z85.
    void configure_curve_callback(std::string domain,
                                  std::function<bool(std::string_view, std::string_view)> f);

    /// Lets GSSAPI in, whose principal becomes the user's name.
    void configure_gssapi(std::string domain = "*");

    /// What it answers to a request of the protocol ZAP, also to a malformed one; empty if that
    /// cannot be answered.
    multipart answer(const multipart& request) const;

    std::uint64_t accepted() const noexcept;
    std::uint64_t refused() const noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::zmq

#pragma once

#include "ferry/core/error.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::zmq {

/// ZeroMQ's Z85: 5 characters for 4 bytes. As zmq.utils.z85.
namespace z85 {

/// \throws error(errc::bad_key)  the length is no multiple of 4.
std::string encode(std::span<const std::byte> data);

/// \throws error(errc::bad_key)  the length is no multiple of 5, a character is none of Z85's, or 5
/// of them say more than 4 bytes can hold.
std::string decode(std::string_view text);

}  // namespace z85

/// A pair of CURVE keys, 40 characters of Z85 each.
class curve_keys {
public:
    curve_keys(std::string p, std::string s) : public_key{std::move(p)}, secret_key{std::move(s)} {}
    std::string public_key;
    std::string secret_key;
};

/// A new pair. As zmq.curve_keypair.
curve_keys curve_keypair();

/// The public key of a secret one. As zmq.curve_public.
/// \throws error(errc::bad_key)  it is no key.
std::string curve_public(const std::string& secret_key);

class socket;

/// A public key, perhaps its secret key, and what is said of the owner: what CURVE knows a peer by,
/// and the file of it that PyZMQ and czmq write and read.
///
///     auto me = zmq::certificate::generate();
///     me.save("keys", "server");                 // server.key, and server.key_secret for me alone
///     me.serve(server);                          // before bind
///     me.connect(client, server_public_key);     // before connect
class certificate {
public:
    /// Longer files are refused: max_file_bytes.
    static constexpr std::size_t max_file_bytes = 64 * 1024;

    /// \throws error(errc::bad_key)  a key is not 40 characters of Z85.
    explicit certificate(std::string public_key,
                         std::optional<std::string> secret_key = std::nullopt);

    static certificate generate();

    /// Reads a file's text.
    /// \throws error(errc::bad_certificate)  it has no public key, or one that is none.
    /// \throws limit_error  max_file_bytes
    static certificate parse(std::string_view text);

    /// As zmq.auth.load_certificate. Warns in the log if others may read a secret key.
    /// \throws error  the file cannot be read, and as parse().
    static certificate load(const std::string& path);

    /// Writes NAME.key, and NAME.key_secret that nobody else can read if there is a secret key. As
    /// zmq.auth.create_certificates. \return the paths, the second empty without a secret key.
    std::pair<std::string, std::string> save(const std::string& folder,
                                             const std::string& name) const;

    /// The file's text. \param secret  with the secret key.
    std::string dump(bool secret) const;

    const std::string& public_key() const noexcept { return public_key_; }
    const std::optional<std::string>& secret_key() const noexcept { return secret_key_; }

    /// What is said of the owner: name, email... Kept in the secret file only, as PyZMQ does.
    std::map<std::string, std::string> metadata;

    /// Makes the socket a CURVE server with these keys. Call before bind; who may connect is for an
    /// authenticator to say.
    /// \throws error(errc::bad_certificate)  there is no secret key.
    void serve(socket& s) const;

    /// Makes the socket a CURVE client of the server with that key. Call before connect.
    void connect(socket& s, const std::string& server_public_key) const;

private:
    std::string public_key_;
    std::optional<std::string> secret_key_;
};

/// The public keys of the `*.key` files in a folder. As zmq.auth.load_certificates.
/// \throws error  the folder cannot be read, and as certificate::load().
std::vector<std::string> load_certificates(const std::string& folder);

}  // namespace ferry::zmq

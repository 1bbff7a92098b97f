#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ferry::testing {

/// The PEM files of one certificate and its key.
class identity {
public:
    std::string chain;
    std::string key;

    identity(std::string c, std::string k) : chain{std::move(c)}, key{std::move(k)} {}
};

/// A certificate authority for one test: elliptic-curve keys, files in a given folder.
class certificate_authority {
public:
    explicit certificate_authority(std::string folder, const std::string& name = "ferry test CA");
    ~certificate_authority();

    /// The authority's own certificate, to be trusted.
    const std::string& ca_file() const noexcept { return ca_file_; }

    /// A certificate for names like `localhost` and addresses like `127.0.0.1`.
    /// \param valid_until  from now; a negative time makes one that has expired.
    identity issue(const std::vector<std::string>& names,
                   std::chrono::hours valid_until = std::chrono::hours{24});

    /// One that is signed with its own key.
    identity self_signed(const std::vector<std::string>& names);

    /// A list, in PEM, that revokes these certificates. \return its file.
    std::string revoke(const std::vector<identity>& revoked);

    /// A response of OCSP about a certificate, in DER. \return its file.
    std::string ocsp_response(const identity& about, bool good);

private:
    class impl;
    std::unique_ptr<impl> impl_;
    std::string ca_file_;
};

}  // namespace ferry::testing

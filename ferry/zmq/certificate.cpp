#include "ferry/zmq/certificate.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/time.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace ferry::zmq {
namespace {

constexpr std::size_t key_length = 40;
constexpr mode_t public_mode = 0644;
constexpr mode_t secret_mode = 0600;

void check_key(std::string_view key)
{
    if (key.size() != key_length) {
        throw error(errc::bad_key,
                    "a CURVE key is 40 characters of Z85, not " + std::to_string(key.size()));
    }
    static_cast<void>(z85::decode(key));
}

std::string_view trim(std::string_view text, std::string_view what)
{
    const auto first = text.find_first_not_of(what);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(what) - first + 1);
}

class descriptor {
public:
    descriptor(const std::string& path, int flags, mode_t mode)
        : fd_{::open(path.c_str(), flags | O_CLOEXEC, mode)}
    {
        if (fd_ < 0) throw system_failure(errno, "open " + path);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(fd_); }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

void write_file(const std::string& path, std::string_view text, mode_t mode)
{
    const descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    // One that was there already keeps its mode otherwise.
    if (::fchmod(file.get(), mode) != 0) throw system_failure(errno, "chmod " + path);
    while (!text.empty()) {
        const ssize_t n = ::write(file.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw system_failure(errno, "write " + path);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string read_file(const descriptor& file, const std::string& path)
{
    std::string text(certificate::max_file_bytes + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::read(file.get(), text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw system_failure(errno, "read " + path);
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return text;
}

}  // namespace

curve_keys curve_keypair()
{
    char public_key[key_length + 1];
    char secret_key[key_length + 1];
    if (zmq_curve_keypair(public_key, secret_key) != 0) {
        throw error(ferry::errc::unsupported, "this libzmq has no CURVE");
    }
    return {public_key, secret_key};
}

std::string curve_public(const std::string& secret_key)
{
    check_key(secret_key);
    char public_key[key_length + 1];
    if (zmq_curve_public(public_key, secret_key.c_str()) != 0) {
        throw error(errc::bad_key, "not a CURVE key");
    }
    return public_key;
}

certificate::certificate(std::string public_key, std::optional<std::string> secret_key)
    : public_key_{std::move(public_key)}, secret_key_{std::move(secret_key)}
{
    check_key(public_key_);
    if (secret_key_) check_key(*secret_key_);
}

certificate certificate::generate()
{
    curve_keys made = curve_keypair();
    return certificate(std::move(made.public_key), std::move(made.secret_key));
}

certificate certificate::parse(std::string_view text)
{
    if (text.size() > max_file_bytes) throw limit_error("max_file_bytes", max_file_bytes);
    constexpr std::string_view blank = " \t\r";
    std::string public_key;
    std::optional<std::string> secret_key;
    std::map<std::string, std::string> said;
    std::string section;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view content = trim(line, blank);
        if (content.empty() || content.starts_with('#')) continue;
        const bool indented = line.front() == ' ' || line.front() == '\t';
        // The first `=` divides; a key may hold more of them, and `#` too.
        const auto equals = content.find('=');
        if (!indented) section = trim(content.substr(0, equals), blank);
        if (equals == std::string_view::npos) continue;
        const std::string_view name = trim(content.substr(0, equals), blank);
        const std::string_view quoted = trim(content.substr(equals + 1), blank);
        if (name == "public-key") {
            public_key = trim(quoted, "\"'");
        } else if (name == "secret-key") {
            secret_key = trim(quoted, "\"'");
        } else if (section == "metadata" && indented) {
            said[std::string(name)] = trim(quoted, "\"");
        }
    }
    if (public_key.empty()) throw error(errc::bad_certificate, "certificate: no public-key");
    try {
        certificate made(std::move(public_key), std::move(secret_key));
        made.metadata = std::move(said);
        return made;
    } catch (const error& e) {
        throw error(errc::bad_certificate, std::string("certificate: ") + e.what());
    }
}

certificate certificate::load(const std::string& path)
{
    const descriptor file(path, O_RDONLY, 0);
    try {
        certificate made = parse(read_file(file, path));
        struct stat about{};
        if (made.secret_key_ && ::fstat(file.get(), &about) == 0 && (about.st_mode & 0077) != 0) {
            log::warning("others may read this file of a secret key", "path", path);
        }
        return made;
    } catch (error& e) {
        e.add_context(path);
        throw;
    }
}

std::string certificate::dump(bool secret) const
{
    const std::string made = iso8601::format(ferry::now());
    std::string text = "#   ****  Generated on " + made + " by ferry  ****\n";
    text += secret ? "#   ZeroMQ CURVE **Secret** Certificate\n"
                     "#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n\n"
                   : "#   ZeroMQ CURVE Public Certificate\n"
                     "#   Exchange securely, or use a secure mechanism to verify the contents\n"
                     "#   of this file after exchange.\n\n";
    text += "metadata\n";
    if (secret) {
        const auto one_line = [](std::string part) {
            std::ranges::replace_if(part, [](char c) { return c == '\n' || c == '\r'; }, ' ');
            return part;
        };
        for (const auto& [name, said] : metadata) {
            text += "    " + one_line(name) + " = " + one_line(said) + '\n';
        }
    }
    text += "curve\n    public-key = \"" + public_key_ + "\"\n";
    if (secret && secret_key_) text += "    secret-key = \"" + *secret_key_ + "\"\n";
    return text;
}

std::pair<std::string, std::string> certificate::save(const std::string& folder,
                                                      const std::string& name) const
{
    const std::string path = (std::filesystem::path(folder) / (name + ".key")).string();
    write_file(path, dump(false), public_mode);
    if (!secret_key_) return {path, {}};
    write_file(path + "_secret", dump(true), secret_mode);
    return {path, path + "_secret"};
}

void certificate::serve(socket& s) const
{
    if (!secret_key_) throw error(errc::bad_certificate, "a CURVE server needs its secret key");
    s.set(opt::curve_server, true);
    s.set(opt::curve_publickey, public_key_);
    s.set(opt::curve_secretkey, *secret_key_);
}

void certificate::connect(socket& s, const std::string& server_public_key) const
{
    if (!secret_key_) throw error(errc::bad_certificate, "a CURVE client needs its secret key");
    check_key(server_public_key);
    s.set(opt::curve_serverkey, server_public_key);
    s.set(opt::curve_publickey, public_key_);
    s.set(opt::curve_secretkey, *secret_key_);
}

std::vector<std::string> load_certificates(const std::string& folder)
{
    std::vector<std::string> keys;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
        if (entry.path().extension() != ".key") continue;
        keys.push_back(certificate::load(entry.path().string()).public_key());
    }
    if (ec) throw system_failure(ec.value(), "read the folder " + folder);
    return keys;
}

}  // namespace ferry::zmq

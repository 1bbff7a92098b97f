#include "ferry/crypto/hash.hpp"

#include "ferry/core/error.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace ferry::hash {
namespace {

struct entry {
    std::string_view name;
    const char* openssl;
    std::size_t size;
};
// In the order of the enumeration.
constexpr std::array<entry, 11> entries{{{"md5", "MD5", 16},
                                         {"sha1", "SHA1", 20},
                                         {"sha224", "SHA224", 28},
                                         {"sha256", "SHA256", 32},
                                         {"sha384", "SHA384", 48},
                                         {"sha512", "SHA512", 64},
                                         {"sha3_256", "SHA3-256", 32},
                                         {"sha3_512", "SHA3-512", 64},
                                         {"blake2b", "BLAKE2B512", 64},
                                         {"blake2s", "BLAKE2S256", 32},
                                         {"sha512_256", "SHA512-256", 32}}};

const entry& entry_of(algorithm a)
{
    return entries.at(static_cast<std::size_t>(a));
}

/// Looked up once: fetching an algorithm costs more than hashing a short text.
const EVP_MD* implementation(algorithm a)
{
    static const auto fetched = [] {
        std::array<const EVP_MD*, entries.size()> all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            all.at(i) = EVP_MD_fetch(nullptr, entries.at(i).openssl, nullptr);
        }
        return all;
    }();
    const EVP_MD* found = fetched.at(static_cast<std::size_t>(a));
    if (found == nullptr) {
        throw error{errc::unsupported, "OpenSSL has no " + std::string{name(a)}};
    }
    return found;
}

void check(int result)
{
    if (result != 1) throw error{errc::crypto, "OpenSSL cannot hash"};
}

struct file_closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};

}  // namespace

algorithm find(std::string_view name)
{
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries.at(i).name == name) return static_cast<algorithm>(i);
    }
    throw error{errc::unsupported, "unsupported hash type " + std::string{name}};
}

std::string_view name(algorithm a) noexcept
{
    return entry_of(a).name;
}

std::size_t digest_size(algorithm a) noexcept
{
    return entry_of(a).size;
}

digest::digest(std::span<const std::byte> value) : size_{std::min(value.size(), data_.size())}
{
    std::copy_n(value.begin(), size_, data_.begin());
}

std::string digest::hex() const
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(size_ * 2);
    for (const std::byte b : span()) {
        text += digits[std::to_integer<unsigned>(b) >> 4U];
        text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

class hasher::impl {
public:
    impl() : context_{EVP_MD_CTX_new()}
    {
        if (!context_) throw std::bad_alloc{};
    }
    explicit impl(algorithm a) : impl{}
    {
        check(EVP_DigestInit_ex2(context_.get(), implementation(a), nullptr));
    }
    impl(const impl& other) : impl{} { check(EVP_MD_CTX_copy_ex(get(), other.get())); }
    impl& operator=(const impl&) = delete;
    ~impl() = default;

    EVP_MD_CTX* get() const noexcept { return context_.get(); }

    hash::digest finish()
    {
        std::array<std::byte, EVP_MAX_MD_SIZE> value{};
        unsigned size = 0;
        check(EVP_DigestFinal_ex(get(), reinterpret_cast<unsigned char*>(value.data()), &size));
        return hash::digest{std::span{value}.first(size)};
    }

private:
    struct deleter {
        void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
    };
    std::unique_ptr<EVP_MD_CTX, deleter> context_;
};

hasher::hasher(algorithm a) : impl_{std::make_unique<impl>(a)} {}
hasher::hasher(const hasher& other) : impl_{std::make_unique<impl>(*other.impl_)} {}
hasher& hasher::operator=(const hasher& other)
{
    if (this != &other) impl_ = std::make_unique<impl>(*other.impl_);
    return *this;
}
hasher::hasher(hasher&&) noexcept = default;
hasher& hasher::operator=(hasher&&) noexcept = default;
hasher::~hasher() = default;

hasher& hasher::update(std::span<const std::byte> data)
{
    check(EVP_DigestUpdate(impl_->get(), data.data(), data.size()));
    return *this;
}

digest hasher::digest() const
{
    return impl{*impl_}.finish();
}

digest of(algorithm a, std::span<const std::byte> data)
{
    std::array<std::byte, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    check(EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(value.data()),
                     &size, implementation(a), nullptr));
    return digest{std::span{value}.first(size)};
}

digest file(const std::filesystem::path& path, algorithm a)
{
    const std::unique_ptr<std::FILE, file_closer> in{std::fopen(path.c_str(), "rbe")};
    if (!in) throw system_failure(errno, "open " + path.string());
    hasher all{a};
    bytes piece(std::size_t{256} * 1024);
    for (;;) {
        const std::size_t n = std::fread(piece.data(), 1, piece.size(), in.get());
        all.update(std::span{piece}.first(n));
        if (n == piece.size()) continue;
        if (std::ferror(in.get()) != 0) throw system_failure(errno, "read " + path.string());
        return all.digest();
    }
}

}  // namespace ferry::hash

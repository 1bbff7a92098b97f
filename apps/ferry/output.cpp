#include "apps/ferry/output.hpp"

#include "ferry/core/error.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace ferry::command {
namespace {

/// A file that is closed at the end, unless it is a standard stream.
class open_file {
public:
    open_file(const std::string& path, const char* mode, std::FILE* standard)
        : file_{path == "-" ? standard : std::fopen(path.c_str(), mode)},
          owned_{path != "-"},
          name_{path == "-" ? "the standard stream" : path}
    {
        if (file_ == nullptr) throw system_failure(errno, "open " + name_);
    }
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file()
    {
        if (owned_ && file_ != nullptr) std::fclose(file_);
    }

    std::FILE* get() const noexcept { return file_; }
    const std::string& name() const noexcept { return name_; }

    void close()
    {
        std::FILE* const file = file_;
        const bool failed = std::fflush(file) != 0;
        if (failed || std::ferror(file) != 0) throw system_failure(errno, "write " + name_);
        if (!owned_) return;
        file_ = nullptr;
        if (std::fclose(file) != 0) throw system_failure(errno, "close " + name_);
    }

private:
    std::FILE* file_;
    bool owned_;
    std::string name_;
};

}  // namespace

std::string read_input(const std::string& path)
{
    const open_file file{path, "rb", stdin};
    std::string all;
    char chunk[64 * 1024];
    std::size_t n = 0;
    while ((n = std::fread(chunk, 1, sizeof chunk, file.get())) > 0) {
        all.append(chunk, n);
        if (all.size() > max_input_bytes) throw limit_error("max_input_bytes", max_input_bytes);
    }
    if (std::ferror(file.get()) != 0) throw system_failure(errno, "read " + file.name());
    return all;
}

class output_file::impl : public open_file {
public:
    explicit impl(const std::string& path) : open_file{path, "wb", stdout} {}
};

output_file::output_file(const std::string& path) : impl_{std::make_unique<impl>(path)} {}
output_file::~output_file() = default;

void output_file::write(std::string_view data)
{
    if (std::fwrite(data.data(), 1, data.size(), impl_->get()) != data.size()) {
        throw system_failure(errno, "write " + impl_->name());
    }
}

void output_file::flush()
{
    if (std::fflush(impl_->get()) != 0) throw system_failure(errno, "write " + impl_->name());
}

void output_file::close()
{
    impl_->close();
}

void write_output(const std::string& path, std::string_view data)
{
    output_file file{path};
    file.write(data);
    file.close();
}

void write_private(const std::string& path, std::string_view data)
{
    const std::string fresh = path + ".new";
    const mode_t before = ::umask(0077);
    try {
        write_output(fresh, data);
    } catch (...) {
        ::umask(before);
        throw;
    }
    ::umask(before);
    std::filesystem::rename(fresh, path);
}

}  // namespace ferry::command

#include "ferry/http/upload.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/http/detail/multipart_parser.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ferry::http {
namespace {

// What is collected before it is written.
constexpr std::size_t written_at_once = 256 * 1024;

void write_fully(int fd, std::span<const std::byte> data)
{
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw system_failure(errno, "write an uploaded file");
        data = data.subspan(static_cast<std::size_t>(n));
    }
}

}  // namespace

// Bytes in memory, or a file with a name of its own that goes with it. Used by one thread at a
// time.
class uploaded_file::storage {
public:
    storage() = default;
    storage(const storage&) = delete;
    storage& operator=(const storage&) = delete;
    ~storage()
    {
        if (fd_ >= 0) ::close(fd_);
        if (!path_.empty() && !is_saved_) ::unlink(path_.c_str());
    }

    std::uint64_t size() const noexcept { return written_ + memory_.size(); }
    const std::filesystem::path& path() const noexcept { return path_; }
    std::size_t unwritten() const noexcept { return memory_.size(); }
    bool is_on_disk() const noexcept { return !path_.empty(); }

    void add(std::span<const std::byte> piece) { append(memory_, piece); }

    void flush(const std::filesystem::path& directory)
    {
        if (fd_ < 0) open(directory);
        write_fully(fd_, memory_);
        written_ += memory_.size();
        memory_ = bytes();
    }

    void close_file()
    {
        if (fd_ >= 0 && ::close(std::exchange(fd_, -1)) != 0) {
            throw system_failure(errno, "write an uploaded file");
        }
    }

    buffer read() const
    {
        if (path_.empty()) return buffer::copy(memory_);
        const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) throw system_failure(errno, "open an uploaded file");
        bytes all(static_cast<std::size_t>(written_));
        std::size_t size = 0;
        ssize_t n = 1;
        while (size < all.size() && n > 0) {
            n = ::read(fd, all.data() + size, all.size() - size);
            if (n > 0) size += static_cast<std::size_t>(n);
        }
        ::close(fd);
        if (size < all.size()) throw error(ferry::errc::truncated, "read an uploaded file");
        return buffer(std::move(all));
    }

    void save(const std::filesystem::path& to)
    {
        if (path_.empty()) {
            const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
            if (fd < 0) throw system_failure(errno, "open " + to.string());
            try {
                write_fully(fd, memory_);
            } catch (...) {
                ::close(fd);
                throw;
            }
            if (::close(fd) != 0) throw system_failure(errno, "write " + to.string());
            return;
        }
        if (::rename(path_.c_str(), to.c_str()) == 0) {
            path_ = to;
            is_saved_ = true;
            return;
        }
        if (errno != EXDEV) throw system_failure(errno, "move an uploaded file to " + to.string());
        std::error_code failed;
        const auto over = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(path_, to, over, failed);
        if (failed) throw system_failure(failed.value(), "copy an uploaded file to " + to.string());
    }

private:
    void open(const std::filesystem::path& directory)
    {
        std::string name = directory / "ferry-upload-XXXXXX";
        fd_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd_ < 0) throw system_failure(errno, "make a file in " + directory.string());
        path_ = name;
    }

    bytes memory_;
    std::filesystem::path path_;
    std::uint64_t written_ = 0;
    int fd_ = -1;
    bool is_saved_ = false;
};

uploaded_file::uploaded_file(std::string name, std::string filename, std::string type,
                             std::shared_ptr<storage> content)
    : name_(std::move(name)),
      filename_(std::move(filename)),
      type_(std::move(type)),
      content_(std::move(content))
{
}

std::string uploaded_file::safe_filename() const
{
    constexpr std::size_t longest = 200;
    std::string name = filename_.substr(filename_.find_last_of("/\\") + 1);
    std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    name.erase(0, name.find_first_not_of(". "));
    name.resize(std::min(name.size(), longest));
    return name.empty() ? "file" : name;
}

std::uint64_t uploaded_file::size() const noexcept
{
    return content_->size();
}

std::filesystem::path uploaded_file::path() const
{
    return content_->path();
}

awaitable<buffer> uploaded_file::read() const
{
    return run_blocking([content = content_] { return content->read(); });
}

awaitable<void> uploaded_file::save(std::filesystem::path to) const
{
    return run_blocking([content = content_, to = std::move(to)] { content->save(to); });
}

const uploaded_file* upload_form::file(std::string_view name) const noexcept
{
    const auto at = std::ranges::find_if(files, [&](const auto& f) { return f.name() == name; });
    return at == files.end() ? nullptr : &*at;
}

namespace {

using detail::multipart_parser;

// Takes a form apart while it comes.
class receiver {
public:
    receiver(std::string_view boundary, upload_options with)
        : with_(std::move(with)), parser_(boundary, limits_of(with_))
    {
    }

    static awaitable<upload_form> run(request* from, upload_options with)
    {
        receiver self(detail::multipart_boundary(from->headers), std::move(with));
        for (;;) {
            const buffer piece = co_await from->read();
            if (piece.empty()) break;
            self.feed(piece);
            for (bool more = true; more;) {
                more = self.step();
                if (self.must_write()) co_await self.write();
            }
        }
        if (!self.parser_.done()) throw problem(status::bad_request, "the form ends too early");
        co_return std::move(self.form_);
    }

private:
    static detail::multipart_limits limits_of(const upload_options& with)
    {
        detail::multipart_limits limits;
        limits.parts = with.parts();
        return limits;
    }

    void feed(const buffer& piece) { parser_.feed(piece.span()); }

    // One event. False: more is needed.
    bool step()
    {
        multipart_parser::event happened{};
        try {
            happened = parser_.next();
        } catch (const limit_error& e) {
            throw problem(status::content_too_large, e.what());
        } catch (const protocol_error& e) {
            throw problem(status::bad_request, e.what());
        }
        switch (happened) {
            case multipart_parser::event::part: begin(); break;
            case multipart_parser::event::data: take(); break;
            case multipart_parser::event::part_end: end(); break;
            case multipart_parser::event::none:
            case multipart_parser::event::end: return false;
        }
        return true;
    }

    void begin()
    {
        field_.clear();
        file_ = parser_.head().filename ? std::make_shared<uploaded_file::storage>() : nullptr;
    }

    void take()
    {
        const auto data = parser_.data();
        if (file_) {
            file_->add(data);
            if (file_->size() > with_.file_bytes()) {
                throw problem(status::content_too_large, "a file is too long");
            }
            return;
        }
        field_ += as_text(data);
        fields_size_ += data.size();
        if (fields_size_ > with_.field_bytes()) {
            throw problem(status::content_too_large, "the form's fields are too long");
        }
    }

    void end()
    {
        const detail::part_head& head = parser_.head();
        if (!file_) {
            form_.fields.append(head.name, std::move(field_));
            return;
        }
        if (file_->is_on_disk()) ended_ = file_;
        form_.files.emplace_back(head.name, *head.filename, head.type, std::move(file_));
        file_.reset();
    }

    bool must_write() const noexcept
    {
        if (ended_) return true;
        if (!file_) return false;
        const std::size_t there = file_->unwritten();
        return file_->is_on_disk() ? there >= written_at_once : there > with_.memory_bytes();
    }

    awaitable<void> write()
    {
        const bool ends = ended_ != nullptr;
        const auto file = ends ? std::exchange(ended_, nullptr) : file_;
        const auto work = [file, ends, directory = with_.directory()] {
            file->flush(directory);
            if (ends) file->close_file();
        };
        co_await run_blocking(work);
    }

    upload_options with_;
    multipart_parser parser_;
    upload_form form_;
    std::string field_;
    std::size_t fields_size_ = 0;
    std::shared_ptr<uploaded_file::storage> file_;
    std::shared_ptr<uploaded_file::storage> ended_;  ///< whose last bytes are to be written
};

}  // namespace

awaitable<upload_form> receive_form(request& q, upload_options with)
{
    return receiver::run(&q, std::move(with));
}

}  // namespace ferry::http

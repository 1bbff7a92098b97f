#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::command {

/// A file's bytes; "-" is standard input.
/// \throws error        the file cannot be read.
/// \throws limit_error  it is longer than max_input_bytes.
std::string read_input(const std::string& path);
constexpr std::size_t max_input_bytes = std::size_t{1} << 30;

/// A file that is written piece by piece; "-" is standard output. Destroyed without close(), what
/// was written stays.
class output_file {
public:
    /// \throws error  it cannot be opened.
    explicit output_file(const std::string& path);
    ~output_file();
    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;

    /// \throws error  the disk is full...
    void write(std::string_view data);
    /// Hands on what was written: for those who watch.
    void flush();
    void close();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// Writes all of `data` to a file that its owner alone can read; a crash leaves the old one or the
/// new one.
void write_private(const std::string& path, std::string_view data);

/// Writes all of `data` to a file; "-" is standard output.
/// \throws error  it cannot be written.
void write_output(const std::string& path, std::string_view data);

}  // namespace ferry::command

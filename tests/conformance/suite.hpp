#pragma once

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

// What every program of this folder shares: it gets one file or folder, prints what fails and how
// many passed, and ends with 0 if all did, 1 if not, 2 if it could not run.
namespace ferry::conformance {

inline std::string read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Counts cases.
class score {
public:
    /// \returns `good`.
    bool add(bool good)
    {
        ++(good ? passed_ : failed_);
        return good;
    }
    /// Prints the counts. \returns the program's status.
    int finish() const
    {
        std::printf("%zu passed, %zu failed\n", passed_, failed_);
        return failed_ == 0 && passed_ != 0 ? 0 : 1;
    }

private:
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
};

/// main(). \param run  takes the path and returns the status.
template <class Run>
int run_suite(int argc, char** argv, const char* name, const char* what, const Run& run)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s %s\n", name, what);
        return 2;
    }
    try {
        return run(argv[1]);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", name, e.what());
        return 2;
    }
}

}  // namespace ferry::conformance

#include "ferry/testing/temporary_directory.hpp"

#include "ferry/core/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace ferry::testing {

temporary_directory::temporary_directory()
{
    std::string name = (std::filesystem::temp_directory_path() / "ferry-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw system_failure(errno, "mkdtemp " + name);
    path_ = name;
}

temporary_directory::~temporary_directory()
{
    std::error_code ignored;  // a destructor does not throw, and the system cleans its folder too
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace ferry::testing

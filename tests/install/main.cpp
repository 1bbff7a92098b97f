#include "ferry/async/run.hpp"
#include "ferry/core/url.hpp"

#include <cstdio>

namespace {

ferry::awaitable<int> answer()
{
    co_return 42;
}

}  // namespace

int main()
{
    const auto link = ferry::url::parse("http://a.example/x/").resolve("../y");
    std::printf("%s %d\n", std::string{link.href()}.c_str(), ferry::run(answer()));
}

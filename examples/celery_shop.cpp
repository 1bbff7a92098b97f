// One task of a Celery app, in C++: Python keeps calling shop.resize, and this program runs it.
//
//     SHOP_BROKER=amqp://guest:guest@127.0.0.1// SHOP_RESULTS=redis://127.0.0.1/0
//     celery_shop worker -n cpp1@shop
//
// docs/tasks_celery.md tells how it gets there. Without arguments it only lists its tasks.
#include "ferry/tasks/tasks.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace ferry;

namespace {

std::string environment(const char* name)
{
    const char* const text = std::getenv(name);
    return text == nullptr ? "" : text;
}

/// The size of an image that fits into a square.
std::vector<int> resize(int width, int height, int most)
{
    if (width < 1 || height < 1 || most < 1) throw std::invalid_argument("no such size");
    const double scale = static_cast<double>(most) / std::max({width, height, most});
    return {static_cast<int>(width * scale), static_cast<int>(height * scale)};
}

}  // namespace

int main(int argc, char** argv)
{
    tasks::app app("shop", tasks::broker(environment("SHOP_BROKER")),
                   tasks::results(environment("SHOP_RESULTS")), tasks::queue("cpp"));
    app.task("shop.resize", resize, tasks::parameters("width", "height", "most"));
    if (argc > 1) return app.main(argc, argv);
    for (const std::string& name : app.tasks()) std::cout << name << '\n';
}

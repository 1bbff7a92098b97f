#include "ferry/tasks/detail/home.hpp"

#include "ferry/async/run.hpp"

#include <future>

namespace ferry::tasks::detail {

home::home()
{
    std::promise<loop> made;
    std::future<loop> there = made.get_future();
    thread_ = std::thread{[&made, stop = stop_] {
        made.set_value(loop::current());
        run(gate::wait(stop));
    }};
    loop_ = there.get();
}

home::~home()
{
    stop_->open();
    // What lived there may have been the last to hold it.
    if (here()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

}  // namespace ferry::tasks::detail

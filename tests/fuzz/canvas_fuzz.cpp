// Any JSON is a workflow or an error: started, gone on with after success and after failure.

#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"
#include "ferry/tasks/signature.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    using namespace ferry::tasks;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    value canvas;
    try {
        canvas = json::parse(text);
    } catch (const error&) {
        return 0;
    }
    try {
        const tasks::detail::plan p = tasks::detail::start(canvas, tasks::detail::surroundings());
        for (const call_settings& call : p.calls) {
            if (call.message.task.empty() && text.find("\"task\"") == std::string_view::npos) {
                std::abort();
            }
            (void)tasks::detail::to_signature(call);
        }
    } catch (const error&) {
    }
    message done;
    done.task = "t";
    done.id = "1";
    done.callbacks = canvas;
    done.errbacks = canvas;
    done.chain = canvas;
    done.chord = canvas;
    try {
        (void)tasks::detail::after_success(done, 5);
    } catch (const error&) {
    }
    try {
        (void)tasks::detail::after_failure(done);
        (void)tasks::detail::after_failed_chord(done);
        (void)tasks::detail::following(done);
    } catch (const error&) {
    }
    return 0;
}

#pragma once

#include "ferry/tasks/detail/task_headers.hpp"
#include "ferry/tasks/message.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ferry::tasks::detail {

/// Where something stands in the properties of a task message.
struct head_marks {
    std::size_t table = 0;  ///< the length of the headers
    std::size_t id = 0;
    std::size_t root_id = 0;
    std::size_t arguments = 0;  ///< what is shown of them, behind its length
    std::size_t correlation_id = 0;
};

/// Appends the properties of a task message, as AMQP has them; message::headers are not among them.
/// \param marks  if not null, is told where they stand.
/// \throws error(amqp::errc::bad_argument)  a text is too long, or is no UTF-8.
void write_head(const message& m, const encoded_body& body, std::string& to,
                head_marks* marks = nullptr);

/// The properties of a task's calls, encoded once: most calls differ from each other in their ids
/// and in what is shown of their arguments alone.
class head_template {
public:
    /// \param like  plain()
    head_template(const message& like, const encoded_body& body);

    /// Whether a call has nothing that few have, such as an eta, so that there may be a template of
    /// it.
    static bool plain(const message& m) noexcept;

    /// Whether a plain call differs from the first one in no other way.
    bool fits(const message& m) const noexcept;

    /// Appends the properties of a call that fits.
    void append(const message& m, std::string& to) const;

private:
    message like_;
    std::string text_;  ///< shows nothing of the arguments
    head_marks at_;
};

/// The template of each task: that of the latest call which did not fit the one before. Any thread.
class head_templates {
public:
    /// As write_head().
    void write(const message& m, const encoded_body& body, std::string& to);

private:
    static constexpr std::size_t most = 1000;
    std::shared_ptr<const head_template> of(const message& m, const encoded_body& body);

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const head_template>> latest_;  ///< guarded; by task
};

}  // namespace ferry::tasks::detail

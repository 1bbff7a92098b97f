#include "ferry/amqp/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ferry::amqp {
namespace {

// Writes lines of metrics, each with the labels that all have.
class exposition {
public:
    explicit exposition(std::string_view labels) : labels_{labels} {}

    void counter(std::string_view name, std::uint64_t n) { single(name, "counter", n); }
    void gauge(std::string_view name, std::uint64_t n) { single(name, "gauge", n); }

    void counters(std::string_view name, std::string_view label,
                  const std::map<std::string, std::uint64_t>& all)
    {
        type(name, "counter");
        for (const auto& [text, n] : all) {
            std::string escaped;
            for (const char c : text) {
                if (c == '"' || c == '\\') escaped += '\\';
                escaped += c == '\n' ? ' ' : c;
            }
            line(name, "", fmt::format("{}=\"{}\"", label, escaped), n);
        }
    }

    void seconds(std::string_view name, const histogram& h)
    {
        type(name, "histogram");
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i < h.bounds.size(); ++i) {
            so_far += h.buckets()[i];
            line(name, "_bucket", fmt::format("le=\"{}\"", h.bounds[i]), so_far);
        }
        line(name, "_bucket", "le=\"+Inf\"", h.count());
        line(name, "_sum", "", std::chrono::duration<double>(h.sum()).count());
        line(name, "_count", "", h.count());
    }

    std::string take() && { return std::move(out_); }

private:
    void type(std::string_view name, std::string_view kind)
    {
        fmt::format_to(std::back_inserter(out_), "# TYPE ferry_amqp_{} {}\n", name, kind);
    }
    void single(std::string_view name, std::string_view kind, std::uint64_t n)
    {
        type(name, kind);
        line(name, "", "", n);
    }
    template <class Number>
    void line(std::string_view name, std::string_view suffix, std::string_view label, Number n)
    {
        const std::string_view comma = labels_.empty() || label.empty() ? "" : ",";
        std::string all = fmt::format("{}{}{}", labels_, comma, label);
        if (!all.empty()) all = '{' + all + '}';
        fmt::format_to(std::back_inserter(out_), "ferry_amqp_{}{}{} {}\n", name, suffix, all, n);
    }

    std::string_view labels_;
    std::string out_;
};

}  // namespace

void histogram::add(std::chrono::nanoseconds d) noexcept
{
    const double seconds = std::chrono::duration<double>(d).count();
    const auto at = std::ranges::lower_bound(bounds, seconds) - bounds.begin();
    ++buckets_[static_cast<std::size_t>(at)];
    ++count_;
    sum_ += d;
}

std::string statistics::to_prometheus(std::string_view labels) const
{
    exposition out(labels);
    out.counter("connects_total", connects);
    out.counters("disconnects_total", "reason", disconnects);
    out.counter("recoveries_total", recoveries);
    out.counter("published_total", published);
    out.counter("confirmed_total", confirmed);
    out.counter("nacked_total", nacked);
    out.counter("returned_total", returned);
    out.counter("delivered_total", delivered);
    out.counter("acked_total", acked);
    out.counter("requeued_total", requeued);
    out.counter("stale_acks_total", stale_acks);
    out.counter("late_replies_total", late_replies);
    out.counter("received_bytes_total", bytes_in);
    out.counter("sent_bytes_total", bytes_out);
    out.gauge("unconfirmed", unconfirmed);
    out.gauge("unacked", unacked);
    out.gauge("channels", channels);
    out.gauge("blocked", blocked ? 1 : 0);
    out.seconds("confirm_seconds", confirm_latency);
    out.seconds("handler_seconds", handler_time);
    return std::move(out).take();
}

}  // namespace ferry::amqp

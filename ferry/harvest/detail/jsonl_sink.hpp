#pragma once

#include "ferry/harvest/detail/sink.hpp"

#include <vector>

namespace ferry::harvest::detail {

/// JSON Lines, plain or in gzip members or zstd frames of `block_bytes` each, so that the committed
/// length is always the end of one.
class jsonl_sink final : public sink {
public:
    static constexpr std::size_t block_bytes = 256 * 1024;

    jsonl_sink(const recipe& r, const output& what, std::string path,
               const output_position& committed);
    ~jsonl_sink() override;

    void append(const made_record& r) override;
    output_position flush() override;
    output_position finish() override;

private:
    void write(std::string_view data);
    void write_block(std::string_view lines);

    std::string path_;
    output::packing packing_;
    std::vector<bool> wanted_;
    output_position at_;
    int file_ = -1;
};

}  // namespace ferry::harvest::detail

#pragma once

#include "ferry/harvest/detail/sink.hpp"

#include <string>
#include <vector>

namespace ferry::harvest::detail {

/// A SQLite database with a table for each record. Rows are only ever appended, so the committed
/// position is the last row of each table.
class sqlite_sink final : public sink {
public:
    sqlite_sink(const recipe& r, const output& what, const std::string& path,
                const output_position& committed);

    void append(const made_record& r) override;
    output_position flush() override;
    output_position finish() override;

private:
    struct table {
        std::string name;
        std::string insert;  ///< SQL; empty: the record is not wanted here
        std::vector<std::string> columns;
        std::int64_t rows = 0;
    };
    void make_table(const record& r, table& t);
    std::string position() const;

    sqlite::database db_;
    std::optional<sqlite::transaction> batch_;
    std::vector<table> tables_;
    output_position at_;
};

}  // namespace ferry::harvest::detail

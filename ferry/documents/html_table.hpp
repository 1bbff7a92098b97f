#pragma once

#include "ferry/core/describe.hpp"
#include "ferry/documents/html.hpp"

/// \file
/// Tables as rows of text, spans expanded. lxml has no counterpart; as pandas.read_html().
///
///     html::table prices(*page.select_one("table.prices"));
///     for (const auto& row : prices.rows()) print(row);
///     auto all = prices.as<trade>();        // a described struct, by the names of the columns
namespace ferry::html {

/// Cells that a table may have after its spans are expanded.
inline constexpr std::size_t default_max_cells = 4'000'000;

/// What a cell's text says: a number (`-1.5`, `12`), `true`, `false`, null if it is empty; or else
/// the text.
value cell_value(std::string_view text);

namespace detail {

template <class T>
inline constexpr bool is_text = std::is_same_v<T, std::string>;
template <class T>
inline constexpr bool is_text<std::optional<T>> = is_text<T>;

}  // namespace detail

/// A table: a grid of texts, each cell repeated for what it spans. Nested tables are part of the
/// cell they are in. HTML Standard section 4.9.12.
class table {
public:
    /// \param e  a `table` element.
    /// \throws limit_error  `max_cells`.
    explicit table(const element& e, std::size_t max_cells = default_max_cells);

    const std::string& caption() const noexcept { return caption_; }
    /// The names of the columns: the last row of `thead`, or else a first row of `th` cells only.
    /// Empty if there is none.
    const std::vector<std::string>& headers() const noexcept { return headers_; }
    /// All rows but those of headers, those of `tfoot` last; all of one length, and what is missing
    /// is empty. White space is as in visible_text().
    const std::vector<std::vector<std::string>>& rows() const noexcept { return rows_; }
    /// The elements of the cells, row by row; nothing where there is none.
    const std::vector<std::vector<std::optional<element>>>& cells() const noexcept
    {
        return cells_;
    }

    /// The rows as objects by the names of the columns, or as arrays without names; texts that are
    /// numbers are numbers.
    value to_value() const;

    /// The rows as structs (BOOST_DESCRIBE_STRUCT); members are found by the names of the columns.
    /// \throws type_error, range_error, lookup_error  as from_value(); the path begins with the
    /// row.
    template <class T>
    std::vector<T> as() const
    {
        std::vector<T> out;
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            value row = value::object();
            put_members<T>(row, r);
            try {
                out.push_back(from_value<T>(row));
            } catch (error& e) {
                e.add_context("row " + std::to_string(r + 1));
                throw;
            }
        }
        return out;
    }

private:
    template <class T>
    void put_members(value& row, std::size_t r) const
    {
        boost::mp11::mp_for_each<ferry::detail::members_of<T>>([&](auto member) {
            constexpr const auto& f = ferry::detail::traits_of<T, decltype(member)>;
            using type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
            if constexpr (f.flat) {
                put_members<type>(row, r);
            } else if (const std::string* text = find(r, f.name)) {
                row[f.name] = detail::is_text<type> ? value(*text) : cell_value(*text);
            }
        });
    }
    const std::string* find(std::size_t row, std::string_view column) const noexcept;

    std::string caption_;
    std::vector<std::string> headers_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::vector<std::optional<element>>> cells_;
};

/// The tables of a page that are in no other table.
std::vector<table> tables(const document& of);

}  // namespace ferry::html

#pragma once

#include "ferry/documents/detail/xml_reader.hpp"
#include "ferry/documents/xmltodict.hpp"

#include <memory>

namespace ferry::xmltodict {

/// Makes a dictionary of what an XML reader sees.
class dictionary_sink : public xml::detail::sink {
public:
    /// The reader whose events these are, before the first of them.
    virtual void set_reader(const xml::detail::reader&) noexcept {}
    /// The dictionary, once the document has ended.
    virtual value take() = 0;
};

/// What makes the dictionary that the options ask for, which have to live as long. Options that
/// decide nothing element by element are quicker.
///
/// \param whole  the text that is read, if it stays where it is; empty if it comes in pieces.
std::unique_ptr<dictionary_sink> make_sink(const parse_options& with, std::string_view whole);

/// That for all options.
std::unique_ptr<dictionary_sink> make_full_sink(const parse_options& with, std::string_view whole);

}  // namespace ferry::xmltodict

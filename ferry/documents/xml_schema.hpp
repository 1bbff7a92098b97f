#pragma once

#include "ferry/documents/xml.hpp"

/// \file
/// Validation by XML Schema and RELAX NG, through libxml2.
namespace ferry::xml {

/// A compiled schema: immutable, cheap to copy. It reads nothing but its own text: schemas that
/// include or import others by location are refused. As lxml.etree.XMLSchema, RelaxNG.
///
/// Thread-safety: one thread at a time may validate with the copies of one schema.
class schema {
public:
    /// XML Schema 1.0. \throws error  it is not a schema, and why.
    static schema xsd(std::string_view text);
    /// RELAX NG in XML syntax. \throws error
    static schema relaxng(std::string_view text);

    /// One violation.
    struct violation {
        std::string message;
        std::size_t line = 0;  ///< in the document as it is written: to_xml()
    };

    /// The violations in the order of the document; none if it is valid. Cost: the document is
    /// written and parsed once more. As `schema.validate(doc)` and `error_log`.
    std::vector<violation> validate(const document& of) const;
    bool is_valid(const document& of) const { return validate(of).empty(); }
    /// \throws error  naming the first violation. As `schema.assertValid(doc)`.
    void assert_valid(const document& of) const;

    class impl;

private:
    explicit schema(std::shared_ptr<const impl> made) : impl_(std::move(made)) {}

    std::shared_ptr<const impl> impl_;
};

}  // namespace ferry::xml

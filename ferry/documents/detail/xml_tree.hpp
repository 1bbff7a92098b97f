#pragma once

#include "ferry/documents/detail/xml_reader.hpp"
#include "ferry/documents/tree_builder.hpp"

namespace ferry::xml::detail {

/// Builds the tree of what is read. For text that lies in builder.source() nothing is copied.
class tree_sink : public sink {
public:
    /// \param is_only  no other sink has been, or will be, given the reader's names.
    tree_sink(documents::tree_builder& to, const options& with, bool is_only = true)
        : to_(to), with_(with), is_only_(is_only)
    {
    }

    /// The reader that calls, for places; before the first event.
    void set_reader(const reader& from) noexcept { from_ = &from; }

    const xml::declaration& declared() const noexcept { return declared_; }
    /// Once all is read: what the DTD says about IDs.
    void declare_ids();

    void on_declaration(const xml::declaration& found) override { declared_ = found; }
    void on_doctype(const doctype_event& found) override;
    void on_start(name_entry& name, std::uint32_t space,
                  std::span<const attribute_event> attributes) override;
    void on_end(name_entry& name) override;
    void on_text(std::string_view text) override;
    void on_cdata(std::string_view text) override;
    void on_comment(std::string_view text) override;
    void on_instruction(std::string_view target, std::string_view data) override;

private:
    documents::name_id name_of(name_entry& name);
    std::uint8_t prefix_of(const name_entry& name);
    documents::namespace_id space_of(std::uint32_t space);
    void flush_blank(bool keep);
    void leave(documents::node_kind kind, std::string_view text,
               documents::name_id name = documents::no_name);

    documents::tree_builder& to_;
    const options& with_;
    bool is_only_;
    const reader* from_ = nullptr;
    xml::declaration declared_;
    documents::node_id at_ = documents::tree::root();
    std::vector<documents::attribute> attributes_;
    std::vector<std::uint32_t> prefixes_;  // the builder's, by the reader's
    std::vector<std::uint32_t> spaces_;
    std::string blank_;  // white space that may be left out
};

}  // namespace ferry::xml::detail

#pragma once

#include "ferry/documents/detail/html_entities.hpp"
#include "ferry/documents/tree_builder.hpp"

namespace ferry::documents::detail {

/// One parse error: the Standard's code and the offset in the source.
struct tokenizer_error {
    const char* code = "";
    std::size_t offset = 0;
};

enum class token_kind : std::uint8_t { text, start_tag, end_tag, comment, doctype, end_of_file };

/// What the tokenizer hands over; views are valid until the next token.
struct html_token {
    token_kind kind = token_kind::end_of_file;
    bool self_closing = false;
    bool force_quirks = false;
    name_id name = no_name;  ///< of a tag, in lower case
    std::size_t offset = 0;  ///< where the token begins in the source
    /// Text, comment or name of a doctype. Text is a run without NUL, which may be
    /// empty, or one NUL.
    std::string_view text;
    std::optional<std::string_view> doctype_name, public_id, system_id;
    std::vector<attribute> attributes;  ///< without duplicates, the first wins

    bool is_nul() const noexcept { return text.size() == 1 && text[0] == '\0'; }
};

/// What the tree construction, or a test, sets the tokenizer to.
enum class tokenizer_state : std::uint8_t { data, rcdata, rawtext, script_data, plaintext, cdata };

/// The tokenization of the HTML Standard, section 13.2.5, over a whole text whose line ends are LF.
/// Names are interned in, and attribute values are placed in, the tree that is being built.
class html_tokenizer {
public:
    /// \param errors  where parse errors are added, or null.
    html_tokenizer(tree_builder& builder, std::vector<tokenizer_error>* errors);

    /// Reads the next token. After the end of the input: end_of_file, again and again.
    const html_token& next();
    html_token& token() noexcept { return token_; }

    /// \param end_tag  the name whose end tag ends the state ("appropriate end tag").
    void set_state(tokenizer_state state, name_id end_tag = no_name) noexcept;
    /// Whether `<![CDATA[` begins a CDATA section: the adjusted current node is not in HTML.
    void set_foreign(bool foreign) noexcept { foreign_ = foreign; }
    /// Tags alone count: text keeps its references as they are written, and nobody looks at
    /// attributes.
    void set_outline(bool outline) noexcept { outline_ = outline; }
    /// The start of the token just returned, for errors of the tree construction.
    std::size_t offset() const noexcept { return token_.offset; }
    /// Where the token just returned ends in the source, and the next begins to be read.
    std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

private:
    enum class script_escape : std::uint8_t { none, escaped, double_escaped };

    const html_token& emit_text(const char* from, const char* to) noexcept;
    const html_token& emit_nul(bool replaced);
    const html_token& emit_reference(std::string_view text) noexcept;
    const html_token& emit_end() noexcept;
    const html_token& emit_comment(const char* from, const char* to);
    const html_token& next_data();
    const html_token& next_raw(bool with_references);
    const html_token& next_script();
    const html_token& next_plaintext();
    const html_token& next_cdata();
    bool step_script(const char*& at);
    bool at_end_tag(const char* less_than) const noexcept;
    bool at_script_word(const char* at, const char*& after) const noexcept;
    std::size_t try_reference();

    const html_token& read_tag(const char* name, token_kind kind);
    const char* read_tag_name(const char* at);
    const char* read_attributes(const char* at);
    const char* read_attribute(const char* at);
    const char* read_attribute_name(const char* at, name_id& id);
    const char* read_quoted(const char* at, char quote, std::string_view& value);
    const char* read_unquoted(const char* at, std::string_view& value);
    const char* skip_attribute(const char* at) const noexcept;
    bool is_repeated(name_id id);
    void add_attribute(name_id id, std::string_view value, const char* where);
    name_id read_name(const char*& at, std::uint8_t ends);

    const html_token& read_markup_declaration();
    const html_token& read_comment(const char* at);
    const html_token& read_bogus_comment(const char* from);
    const html_token& read_doctype(const char* at);
    const char* read_doctype_id(const char* at, std::optional<std::string_view>& id,
                                bool is_public);
    const char* after_doctype_name(const char* at);
    std::string_view keep(std::string& in, const char* from, const char* to, bool lower_case);

    void error(const char* code, const char* where);

    tree_builder& builder_;
    std::vector<tokenizer_error>* errors_;
    const char* begin_;
    const char* end_;
    const char* at_;
    tokenizer_state state_ = tokenizer_state::data;
    script_escape escape_ = script_escape::none;
    const char* escape_start_ = nullptr;
    bool foreign_ = false;
    bool outline_ = false;
    bool bogus_doctype_ = false;  // between junk in a doctype and its end
    name_id end_tag_ = no_name;
    html_token token_;
    character_reference reference_;
    std::string scratch_;
    std::string doctype_name_, public_id_, system_id_;
    std::vector<std::uint32_t> seen_;  // by name: the last tag of many attributes that had it
    std::uint32_t tag_number_ = 0;
};

}  // namespace ferry::documents::detail

#pragma once

#include "ferry/documents/detail/xml_names.hpp"
#include "ferry/documents/xml.hpp"

#include <span>
#include <unordered_map>

namespace ferry::xml::detail {

/// Namespaces are indices into reader::uri().
inline constexpr std::uint32_t no_space = 0;
inline constexpr std::uint32_t xml_space = 1;
inline constexpr std::uint32_t xmlns_space = 2;

struct attribute_event {
    name_entry* name = nullptr;
    std::uint32_t space = no_space;
    std::string_view value;
    bool is_specified = true;  ///< false: the DTD's default
};

struct doctype_event {
    std::string_view name;
    std::optional<std::string_view> public_id;
    std::optional<std::string_view> system_id;
    std::optional<std::string_view> internal_subset;
};

/// Gets what is read, in the document's order. Views are valid during the call only, but for those
/// that lie in the text given to reader::read().
class sink {
public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;

    virtual void on_declaration(const declaration&) {}
    virtual void on_doctype(const doctype_event&) {}
    /// Declarations of namespaces are among the attributes, in xmlns_space.
    virtual void on_start(name_entry& name, std::uint32_t space,
                          std::span<const attribute_event> attributes) = 0;
    virtual void on_end(name_entry& name) = 0;
    /// One text may come in several pieces.
    virtual void on_text(std::string_view text) = 0;
    virtual void on_cdata(std::string_view text) { on_text(text); }
    virtual void on_comment(std::string_view /*text*/) {}
    virtual void on_instruction(std::string_view /*target*/, std::string_view /*data*/) {}
};

struct attribute_definition {
    name_entry* name = nullptr;
    bool is_cdata = true;  ///< otherwise white space in the value is collapsed
    bool is_id = false;
    std::optional<std::string> value;
};

struct element_definition {
    name_entry* of = nullptr;
    std::vector<attribute_definition> attributes;
    std::unordered_map<const name_entry*, std::size_t> by_name;
    std::vector<std::size_t> defaults;  ///< those with a value
};

/// Section 3.3.3: without spaces at the ends, and with single ones inside.
std::string collapsed_value(std::string_view value);

/// The character that one of the five entities stands for that need no declaration, or NUL.
char predefined_entity(std::string_view name) noexcept;

/// Reads XML 1.0 fifth edition as a non-validating processor that reads no external entity. Never
/// recurses; linear in the text and in what entities are allowed to become.
///
/// The text is valid UTF-8 with LF as line end, up to the first byte that is not a Char.
class reader {
public:
    reader(const options& with, sink& to);
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    ~reader() = default;

    /// Reads as much of `text` as is complete, all of it if it is the last.
    /// \returns the bytes that were read; the next text must begin with those behind them.
    std::size_t read(std::string_view text, bool is_last);

    /// For places in errors: what the text was before its line ends were made LF.
    void set_original(std::string_view text) noexcept { original_ = text; }

    std::string_view uri(std::uint32_t space) const noexcept { return uris_[space]; }
    std::string_view prefix(std::uint32_t index) const noexcept { return names_.prefix(index); }
    /// Where the token that is being reported begins in the text given to read(); inside of an
    /// entity, where its reference begins.
    std::size_t offset() const noexcept;
    text_position position() const { return position_at(offset()); }
    std::size_t depth() const noexcept { return open_.size(); }
    /// Calls `visit(prefix, uri)` for the namespaces in scope, `xml` left out.
    template <class Visit>
    void for_each_namespace(const Visit& visit) const
    {
        for (std::uint32_t i = 0; i < bound_.size(); ++i)
            if (bound_[i] != no_index && bound_[i] != no_space && i != name_table::xml_prefix &&
                i != name_table::xmlns_prefix)
                visit(names_.prefix(i), uri(bound_[i]));
    }
    name_table& names() noexcept { return names_; }
    std::vector<problem>& problems() noexcept { return problems_; }
    const std::deque<element_definition>& definitions() const noexcept { return definitions_; }

private:
    /// Thrown when a token goes on behind the text and more is to come.
    struct incomplete {};

    /// What the internal subset has of comments and instructions is nobody's.
    class sink_pause {
    public:
        explicit sink_pause(reader& of) noexcept : of_(of), was_(of.is_quiet_)
        {
            of.is_quiet_ = true;
        }
        ~sink_pause() { of_.is_quiet_ = was_; }
        sink_pause(const sink_pause&) = delete;
        sink_pause& operator=(const sink_pause&) = delete;

    private:
        reader& of_;
        bool was_;
    };

    enum class phase : std::uint8_t { start, prolog, content, epilog };

    struct entity {
        std::string text;
        bool is_external = false;
        bool is_unparsed = false;
        bool is_open = false;
        bool in_parameter_entity = false;
    };

    /// A text that an entity's replacement interrupts.
    struct frame {
        const char* at;
        const char* end;
        entity* of;  ///< what interrupts it
        std::size_t depth;
    };

    struct open_element {
        name_entry* name;
        std::uint32_t bindings;  ///< size of bindings_ before it
    };

    struct binding {
        std::uint32_t prefix;
        std::uint32_t before;
    };

    // xml_reader.cpp
    bool step();
    void end_of_text();
    void prolog();
    void content();
    void markup();
    void text();
    void emit_text(std::string_view piece, bool cdata = false);
    void comment();
    void instruction();
    void cdata();
    void xml_declaration();
    std::string_view pseudo_attribute(const char*& p, std::string_view name);
    void reference();
    char32_t character_reference(const char*& p);
    std::string_view entity_name(const char*& p);
    entity* find_entity(std::string_view name, const char* at, bool in_attribute);
    void expand(entity& e, const char* after);
    void count_expansion(const entity& e);
    void count_bytes(std::size_t bytes);
    void pop_frame();
    const char* leave_entity();
    void recovered(const char* from);

    // xml_tags.cpp
    void start_tag();
    void end_tag();
    name_entry* tag_name(const char*& p);
    bool attribute(const char*& p);
    std::string_view attribute_value(const char*& p, char quote);
    void append_value(const char*& p, char quote, std::string& to);
    std::string& fresh_value();
    void apply_definition(const element_definition& of);
    void bind(const attribute_event& a);
    std::uint32_t intern_uri(std::string_view uri);
    std::uint32_t resolve(std::uint32_t prefix, const name_entry& name);
    void check_unique();
    void close_element();

    // xml_dtd.cpp
    void doctype();
    void forget_declarations();
    void internal_subset();
    void parameter_reference();
    void declaration_of_entity();
    std::string entity_value(const char*& p);
    void declaration_of_attributes();
    bool attribute_type(const char*& p, attribute_definition& to);
    void name_group(const char*& p, bool names);
    void declaration_of_element();
    void content_model(const char*& p);
    void declaration_of_notation();
    bool external_id(const char*& p, doctype_event& to, bool public_alone);
    std::string_view literal(const char*& p);
    void define(element_definition& of, attribute_definition made);
    void space(const char*& p);
    std::string_view name(const char*& p, const char* what);
    std::string_view ncname(const char*& p, const char* what);

    void skip_space(const char*& p) const noexcept;
    void need(const char* p)
    {
        if (p == end_) run_out();
    }
    bool follows(const char* p, std::string_view word);
    void check_text(std::size_t bytes) const;
    void check_name(std::size_t bytes) const;
    [[noreturn]] void run_out();
    [[noreturn]] void fail(std::string_view message, const char* at);
    /// Fails, or notes the problem if it can be put right.
    void complain(std::string_view message, const char* at);
    void note(std::string_view message, const text_position& where);
    std::size_t offset_of(const char* at) const noexcept;
    text_position position_at(std::size_t offset) const;
    std::string path() const;

    options with_;
    sink& to_;
    name_table names_;

    const char* begin_ = nullptr;  // of the text that read() was given
    const char* at_ = nullptr;
    const char* token_ = nullptr;  // what is being read; the reference, inside of an entity
    const char* end_ = nullptr;
    const char* text_end_ = nullptr;  // behind bad_
    const char* bad_ = nullptr;       // the byte that is no Char, which ends the text
    bool is_last_ = false;
    phase phase_ = phase::start;
    std::string_view original_;
    text_position before_;  // of the text that was read and given back
    std::size_t read_bytes_ = 0;

    std::vector<frame> frames_;
    std::vector<open_element> open_;
    std::vector<attribute_event> attributes_;
    std::deque<std::string> values_;  // of attributes that are no views into the text
    std::size_t values_used_ = 0;
    std::uint64_t serial_ = 0;
    name_entry* last_name_ = nullptr;  // of a start tag or an attribute
    std::size_t text_bytes_ = 0;
    bool is_quiet_ = false;

    std::vector<std::uint32_t> bound_;  // by prefix
    std::vector<binding> bindings_;
    std::vector<std::string> uris_;
    std::unordered_map<std::string, std::uint32_t> uri_index_;

    std::unordered_map<std::string, entity> general_;
    std::unordered_map<std::string, entity> parameter_;
    std::deque<element_definition> definitions_;
    bool had_doctype_ = false;
    bool has_external_subset_ = false;
    bool has_parameter_references_ = false;
    bool reads_declarations_ = true;
    bool standalone_ = false;
    std::size_t expansions_ = 0;
    std::size_t expanded_bytes_ = 0;
    std::vector<problem> problems_;
};

}  // namespace ferry::xml::detail

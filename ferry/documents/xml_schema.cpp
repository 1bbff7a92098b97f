#include "ferry/documents/xml_schema.hpp"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemas.h>

#include <algorithm>
#include <limits>

namespace ferry::xml {

namespace {

constexpr int parse_flags = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;

struct free_document {
    void operator()(xmlDoc* d) const { xmlFreeDoc(d); }
};
using document_ptr = std::unique_ptr<xmlDoc, free_document>;

/// Parses without entities, network or files. The text was checked by ferry's own parser.
document_ptr read(const std::string& text)
{
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw limit_error("max_bytes", static_cast<std::uint64_t>(std::numeric_limits<int>::max()));
    // The depth is limited by ferry's parser already.
    return document_ptr(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                      parse_flags | XML_PARSE_HUGE));
}

/// Takes out `xsi:schemaLocation` and its like: hints where to find schemas, which libxml2 would
/// follow. They may stand everywhere, so that nothing becomes invalid without them.
void remove_hints(xmlDoc* of)
{
    const auto* const instance =
        reinterpret_cast<const xmlChar*>("http://www.w3.org/2001/XMLSchema-instance");
    xmlNode* n = xmlDocGetRootElement(of);
    while (n != nullptr) {
        if (n->type == XML_ELEMENT_NODE) {
            for (const char* name : {"schemaLocation", "noNamespaceSchemaLocation"}) {
                xmlAttr* const found =
                    xmlHasNsProp(n, reinterpret_cast<const xmlChar*>(name), instance);
                if (found != nullptr && found->type == XML_ATTRIBUTE_NODE) xmlRemoveProp(found);
            }
            if (n->children != nullptr) {
                n = n->children;
                continue;
            }
        }
        while (n != nullptr && n->next == nullptr)
            n = n->parent != nullptr && n->parent->type == XML_ELEMENT_NODE ? n->parent : nullptr;
        if (n != nullptr) n = n->next;
    }
}

void collect(void* to, xmlErrorPtr found)
{
    std::string message = found->message == nullptr ? "invalid" : found->message;
    while (message.ends_with('\n')) message.pop_back();
    static_cast<std::vector<schema::violation>*>(to)->push_back(
        {std::move(message), static_cast<std::size_t>(std::max(found->line, 0))});
}

/// Refuses references to other documents, which libxml2 would read.
void check_closed(const document& schema, std::initializer_list<std::string_view> references)
{
    for (const element e : schema.root().iter())
        for (const std::string_view name : references)
            if (e.local_name() == name && (e.get("schemaLocation") || e.get("href")))
                throw error(errc::denied, "a schema that refers to another: <" + e.to_xml() + '>');
}

[[noreturn]] void refuse(const std::vector<schema::violation>& found)
{
    throw error(errc::malformed,
                "schema: " + (found.empty() ? std::string("not a schema") : found[0].message));
}

}  // namespace

class schema::impl {
public:
    impl() = default;
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;
    virtual ~impl() = default;
    virtual void validate(xmlDoc* of, std::vector<violation>& to) const = 0;
};

namespace {

struct free_xsd {
    void operator()(xmlSchema* s) const { xmlSchemaFree(s); }
    void operator()(xmlSchemaParserCtxt* c) const { xmlSchemaFreeParserCtxt(c); }
    void operator()(xmlSchemaValidCtxt* c) const { xmlSchemaFreeValidCtxt(c); }
};
struct free_relaxng {
    void operator()(xmlRelaxNG* s) const { xmlRelaxNGFree(s); }
    void operator()(xmlRelaxNGParserCtxt* c) const { xmlRelaxNGFreeParserCtxt(c); }
    void operator()(xmlRelaxNGValidCtxt* c) const { xmlRelaxNGFreeValidCtxt(c); }
};

class xsd_schema : public schema::impl {
public:
    explicit xsd_schema(std::string_view text)
    {
        const document parsed = parse(text);
        check_closed(parsed, {"include", "import", "redefine"});
        source_ = read(parsed.to_xml());
        std::vector<schema::violation> found;
        const std::unique_ptr<xmlSchemaParserCtxt, free_xsd> context(
            xmlSchemaNewDocParserCtxt(source_.get()));
        xmlSchemaSetParserStructuredErrors(context.get(), collect, &found);
        compiled_.reset(xmlSchemaParse(context.get()));
        if (!compiled_) refuse(found);
    }
    void validate(xmlDoc* of, std::vector<schema::violation>& to) const override
    {
        const std::unique_ptr<xmlSchemaValidCtxt, free_xsd> context(
            xmlSchemaNewValidCtxt(compiled_.get()));
        xmlSchemaSetValidStructuredErrors(context.get(), collect, &to);
        if (xmlSchemaValidateDoc(context.get(), of) != 0 && to.empty())
            to.push_back({"invalid", 0});
    }

private:
    document_ptr source_;
    std::unique_ptr<xmlSchema, free_xsd> compiled_;
};

class relaxng_schema : public schema::impl {
public:
    explicit relaxng_schema(std::string_view text)
    {
        const document parsed = parse(text);
        check_closed(parsed, {"include", "externalRef"});
        source_ = read(parsed.to_xml());
        std::vector<schema::violation> found;
        const std::unique_ptr<xmlRelaxNGParserCtxt, free_relaxng> context(
            xmlRelaxNGNewDocParserCtxt(source_.get()));
        xmlRelaxNGSetParserStructuredErrors(context.get(), collect, &found);
        compiled_.reset(xmlRelaxNGParse(context.get()));
        if (!compiled_) refuse(found);
    }
    void validate(xmlDoc* of, std::vector<schema::violation>& to) const override
    {
        const std::unique_ptr<xmlRelaxNGValidCtxt, free_relaxng> context(
            xmlRelaxNGNewValidCtxt(compiled_.get()));
        xmlRelaxNGSetValidStructuredErrors(context.get(), collect, &to);
        if (xmlRelaxNGValidateDoc(context.get(), of) != 0 && to.empty())
            to.push_back({"invalid", 0});
    }

private:
    document_ptr source_;
    std::unique_ptr<xmlRelaxNG, free_relaxng> compiled_;
};

}  // namespace

schema schema::xsd(std::string_view text)
{
    return schema(std::make_shared<const xsd_schema>(text));
}

schema schema::relaxng(std::string_view text)
{
    return schema(std::make_shared<const relaxng_schema>(text));
}

std::vector<schema::violation> schema::validate(const document& of) const
{
    std::vector<violation> found;
    const document_ptr copy = read(of.root().to_xml());
    if (!copy) throw error(errc::malformed, "libxml2 cannot read the document");
    remove_hints(copy.get());
    impl_->validate(copy.get(), found);
    return found;
}

void schema::assert_valid(const document& of) const
{
    const auto found = validate(of);
    if (!found.empty())
        throw error(errc::malformed,
                    "line " + std::to_string(found[0].line) + ": " + found[0].message);
}

}  // namespace ferry::xml

#include "ferry/documents/xml_stream.hpp"

#include "ferry/documents/detail/xml_feeder.hpp"
#include "ferry/documents/detail/xml_tree.hpp"

#include <cerrno>
#include <deque>
#include <exception>
#include <fstream>

namespace ferry::xml {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

using detail::attribute_event;
using detail::name_entry;

/// Turns the reader's events into those of a handler.
class handler_sink : public detail::sink {
public:
    explicit handler_sink(handler& to) : to_(to) {}
    void set_reader(const detail::reader& from) noexcept { from_ = &from; }

    void on_start(name_entry& name, std::uint32_t space,
                  std::span<const attribute_event> attributes) override
    {
        attributes_.clear();
        open_.push_back({space, prefixes_.size()});
        for (const attribute_event& a : attributes) {
            if (a.space != detail::xmlns_space) {
                attributes_.push_back({named(*a.name, a.space), a.value});
                continue;
            }
            prefixes_.emplace_back(from_->prefix(a.name->declares));
            to_.start_prefix_mapping(prefixes_.back(), a.value);
        }
        to_.start_element(named(name, space), attributes_);
    }
    void on_end(name_entry& name) override
    {
        const open_element closed = open_.back();
        open_.pop_back();
        to_.end_element(named(name, closed.space));
        for (; prefixes_.size() > closed.prefixes; prefixes_.pop_back())
            to_.end_prefix_mapping(prefixes_.back());
    }
    void on_text(std::string_view text) override { to_.characters(text); }
    void on_comment(std::string_view text) override { to_.comment(text); }
    void on_instruction(std::string_view target, std::string_view data) override
    {
        to_.processing_instruction(target, data);
    }

private:
    struct open_element {
        std::uint32_t space;
        std::size_t prefixes;
    };

    xml::name named(const name_entry& name, std::uint32_t space) const noexcept
    {
        return {from_->uri(space), name.local_text(), from_->prefix(name.prefix)};
    }

    handler& to_;
    const detail::reader* from_ = nullptr;
    std::vector<attribute> attributes_;
    std::vector<open_element> open_;
    std::vector<std::string> prefixes_;
};

/// Reads a source piece by piece until something is there to be given.
class pump {
public:
    pump(byte_source source, const options& with, detail::sink& to)
        : source_(std::move(source)), with_(with), reader_(with_, to), feeder_(with_, reader_)
    {
    }

    detail::reader& reader() noexcept { return reader_; }

    /// \returns whether there may be more. An error is kept until what came before it is taken.
    template <class IsReady>
    void fill(const IsReady& is_ready)
    {
        while (!is_ready()) {
            if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
            if (is_done_) return;
            try {
                const std::size_t n = source_(std::as_writable_bytes(std::span(chunk_)));
                if (n == 0) {
                    is_done_ = true;
                    feeder_.close();
                } else {
                    feeder_.feed({chunk_.data(), n});
                }
            } catch (...) {
                is_done_ = true;
                failure_ = std::current_exception();
            }
        }
    }

private:
    byte_source source_;
    options with_;
    detail::reader reader_;
    detail::feeder feeder_;
    std::vector<char> chunk_ = std::vector<char>(chunk_bytes);
    std::exception_ptr failure_;
    bool is_done_ = false;
};

byte_source source_of(std::istream& in)
{
    return [&in](std::span<std::byte> to) {
        in.read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size()));
        if (in.bad()) throw system_failure(EIO, "read XML");
        return static_cast<std::size_t>(in.gcount());
    };
}

byte_source source_of(const std::filesystem::path& file)
{
    auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
    if (!*in) throw system_failure(errno, "open " + file.string());
    return [in, from = source_of(*in)](std::span<std::byte> to) { return from(to); };
}

}  // namespace

// ---- push_parser

class push_parser::impl {
public:
    impl(handler& to, const options& with, std::string charset)
        : with_(with), sink_(to), reader_(with_, sink_), feeder_(with_, reader_, std::move(charset))
    {
        sink_.set_reader(reader_);
    }
    detail::feeder& feeder() noexcept { return feeder_; }

private:
    options with_;
    handler_sink sink_;
    detail::reader reader_;
    detail::feeder feeder_;
};

push_parser::push_parser(handler& to, const options& with, std::string charset)
    : impl_(std::make_unique<impl>(to, with, std::move(charset)))
{
}
push_parser::push_parser(push_parser&&) noexcept = default;
push_parser& push_parser::operator=(push_parser&&) noexcept = default;
push_parser::~push_parser() = default;

void push_parser::feed(std::span<const std::byte> bytes)
{
    impl_->feeder().feed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void push_parser::feed(std::string_view bytes)
{
    impl_->feeder().feed(bytes);
}

void push_parser::close()
{
    impl_->feeder().close();
}

// ---- stream

/// Builds a document of each element that matches, and nothing of the others.
class stream::impl : public detail::sink {
public:
    impl(byte_source source, std::string tag, const options& with)
        : with_(with), pump_(std::move(source), with, *this)
    {
        if (tag.starts_with('{')) {
            const std::size_t end = tag.find('}');
            if (end == std::string::npos) throw lookup_error(tag);
            if (const std::string uri = tag.substr(1, end - 1); uri != "*") uri_ = uri;
            tag.erase(0, end + 1);
        } else if (tag != "*") {
            uri_ = "";
        }
        if (tag != "*") local_ = std::move(tag);
    }

    std::optional<document> next()
    {
        pump_.fill([this] { return !ready_.empty(); });
        if (ready_.empty()) return std::nullopt;
        document first = std::move(ready_.front());
        ready_.pop_front();
        return first;
    }

    void on_declaration(const declaration& found) override { info_->declared = found; }
    void on_start(name_entry& name, std::uint32_t space,
                  std::span<const attribute_event> attributes) override
    {
        if (!record_) {
            if (!matches(name, space)) return;
            record_.emplace(*this);
            record_->sink.set_reader(pump_.reader());
        }
        if (depth_++ == 0) attributes = with_namespaces(attributes);
        record_->has.attributes += attributes.size();
        for (const attribute_event& a : attributes) record_->has.text_bytes += a.value.size();
        record_->sink.on_start(name, space, attributes);
    }
    void on_end(name_entry& name) override
    {
        if (!record_) return;
        record_->sink.on_end(name);
        if (--depth_ > 0) return;
        learn();
        ready_.push_back(document(
            std::make_shared<const documents::tree>(std::move(record_->builder).finish()), info_));
        record_.reset();
    }
    void on_text(std::string_view text) override
    {
        if (!record_) return;
        record_->has.text_bytes += text.size();
        record_->sink.on_text(text);
    }
    void on_cdata(std::string_view text) override
    {
        if (record_) record_->sink.on_cdata(text);
    }
    void on_comment(std::string_view text) override
    {
        if (record_) record_->sink.on_comment(text);
    }
    void on_instruction(std::string_view target, std::string_view data) override
    {
        if (record_) record_->sink.on_instruction(target, data);
    }

private:
    struct sizes {
        std::size_t nodes = 16;
        std::size_t attributes = 4;
        std::size_t text_bytes = 64;
    };

    struct record {
        explicit record(const impl& of)
            : builder(of.words_, of.last_.nodes, of.last_.attributes, of.last_.text_bytes),
              sink(builder, of.with_, of.shares_words_)
        {
        }
        documents::tree_builder builder;
        detail::tree_sink sink;
        sizes has{0, 0, 0};
    };

    /// The next element is likely to be as large as this one, and to have the same names: they are
    /// shared, unless there are so many of them that each element seems to have its own.
    void learn()
    {
        constexpr std::size_t most_shared = 256;
        last_ = record_->has;
        last_.nodes = record_->builder.size();
        if (!shares_words_) return;
        words_ = record_->builder.words();
        if (words_->names.size() + words_->namespaces.size() < most_shared) return;
        words_ = nullptr;
        shares_words_ = false;
    }

    bool matches(const name_entry& name, std::uint32_t space) noexcept
    {
        return (!local_ || name.local_text() == *local_) &&
               (!uri_ || pump_.reader().uri(space) == *uri_);
    }

    /// The attributes, with declarations of the namespaces that are declared further out.
    std::span<const attribute_event> with_namespaces(std::span<const attribute_event> attributes)
    {
        attributes_.assign(attributes.begin(), attributes.end());
        pump_.reader().for_each_namespace([&](std::string_view prefix, std::string_view uri) {
            for (const attribute_event& a : attributes)
                if (a.space == detail::xmlns_space &&
                    pump_.reader().prefix(a.name->declares) == prefix)
                    return;
            const std::string name =
                prefix.empty() ? std::string("xmlns") : "xmlns:" + std::string(prefix);
            attribute_event made;
            made.name = &pump_.reader().names().intern(name);
            made.space = detail::xmlns_space;
            made.value = uri;
            attributes_.push_back(made);
        });
        return attributes_;
    }

    options with_;
    pump pump_;
    std::optional<std::string> uri_;
    std::optional<std::string> local_;
    std::shared_ptr<const documents::tree_words> words_;
    bool shares_words_ = true;
    sizes last_;
    std::optional<record> record_;
    std::size_t depth_ = 0;
    std::vector<attribute_event> attributes_;
    std::shared_ptr<document::information> info_ = std::make_shared<document::information>();
    std::deque<document> ready_;
};

stream::stream(byte_source source, std::string tag, const options& with)
    : impl_(std::make_unique<impl>(std::move(source), std::move(tag), with))
{
}
stream::stream(std::istream& source, std::string tag, const options& with)
    : stream(source_of(source), std::move(tag), with)
{
}
stream::stream(const std::filesystem::path& file, std::string tag, const options& with)
    : stream(source_of(file), std::move(tag), with)
{
}
stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&&) noexcept = default;
stream::~stream() = default;

std::optional<document> stream::next()
{
    return impl_->next();
}

// ---- events

class events::impl : public handler {
public:
    impl(byte_source source, const options& with)
        : sink_(*this), pump_(std::move(source), with, sink_)
    {
        sink_.set_reader(pump_.reader());
    }

    std::optional<event> next()
    {
        pump_.fill([this] { return !ready_.empty(); });
        if (ready_.empty()) return std::nullopt;
        event first = std::move(ready_.front());
        ready_.pop_front();
        return first;
    }

    void start_element(const name& element, std::span<const attribute> attributes) override
    {
        event& made = add(event_kind::start, element.clark());
        for (const attribute& a : attributes) made.attributes.emplace_back(a.name.clark(), a.value);
        texts_.emplace_back();
    }
    void end_element(const name& element) override
    {
        std::string text = std::move(texts_.back());
        texts_.pop_back();
        add(event_kind::end, element.clark()).text = std::move(text);
    }
    void characters(std::string_view text) override { texts_.back() += text; }
    void comment(std::string_view text) override { add(event_kind::comment, "").text = text; }
    void processing_instruction(std::string_view target, std::string_view data) override
    {
        add(event_kind::instruction, std::string(target)).text = data;
    }
    void start_prefix_mapping(std::string_view prefix, std::string_view uri) override
    {
        add(event_kind::start_ns, std::string(prefix)).text = uri;
    }
    void end_prefix_mapping(std::string_view prefix) override
    {
        add(event_kind::end_ns, std::string(prefix));
    }

private:
    event& add(event_kind kind, std::string tag)
    {
        event& made = ready_.emplace_back();
        made.kind = kind;
        made.tag = std::move(tag);
        made.depth = texts_.size();
        return made;
    }

    handler_sink sink_;
    pump pump_;
    std::deque<event> ready_;
    std::vector<std::string> texts_;  // of the open elements
};

events::events(byte_source source, const options& with)
    : impl_(std::make_unique<impl>(std::move(source), with))
{
}
events::events(std::istream& source, const options& with) : events(source_of(source), with) {}
events::events(events&&) noexcept = default;
events& events::operator=(events&&) noexcept = default;
events::~events() = default;

std::optional<event> events::next()
{
    return impl_->next();
}

}  // namespace ferry::xml

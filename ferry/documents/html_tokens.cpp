#include "ferry/documents/html_tokens.hpp"

#include "ferry/documents/detail/html_feed.hpp"

namespace ferry::html {

const std::string* token::find(std::string_view attribute) const noexcept
{
    for (const auto& [key, value] : attributes)
        if (key == attribute) return &value;
    return nullptr;
}

class tokens::impl : public documents::detail::html_feed_sink {
public:
    impl(handler take, std::size_t max_token_bytes)
        : take_(std::move(take)), feed_(*this, max_token_bytes)
    {
    }

    documents::detail::html_feed& feed() noexcept { return feed_; }

    void on_token(const documents::detail::html_token& t, std::string_view /*raw*/) override
    {
        using documents::detail::token_kind;
        token_.offset = feed_.offset() + t.offset;
        token_.self_closing = false;
        token_.name.clear();
        token_.text.clear();
        switch (t.kind) {
            case token_kind::start_tag: tag(token::kind::start_tag, t); break;
            case token_kind::end_tag: tag(token::kind::end_tag, t); break;
            case token_kind::doctype:
                token_.type = token::kind::doctype;
                token_.attributes.clear();
                token_.name = t.doctype_name.value_or("");
                break;
            case token_kind::comment: text(token::kind::comment, t); break;
            case token_kind::text:
            case token_kind::end_of_file: text(token::kind::text, t); break;
        }
        take_(token_);
    }

private:
    void tag(token::kind type, const documents::detail::html_token& t)
    {
        token_.type = type;
        token_.name = feed_.names().name(t.name);
        token_.self_closing = t.self_closing;
        token_.attributes.resize(t.attributes.size());
        for (std::size_t i = 0; i < t.attributes.size(); ++i) {
            token_.attributes[i].first = feed_.names().name(t.attributes[i].name);
            token_.attributes[i].second = feed_.names().value(t.attributes[i]);
        }
    }
    void text(token::kind type, const documents::detail::html_token& t)
    {
        token_.type = type;
        token_.attributes.clear();
        token_.text = t.text;
    }

    handler take_;
    documents::detail::html_feed feed_;
    token token_;  // one for all: its strings keep their room
};

tokens::tokens(handler take, std::size_t max_token_bytes)
    : impl_(std::make_unique<impl>(std::move(take), max_token_bytes))
{
}
tokens::tokens(tokens&&) noexcept = default;
tokens& tokens::operator=(tokens&&) noexcept = default;
tokens::~tokens() = default;

void tokens::feed(std::string_view text)
{
    impl_->feed().feed(text);
}

void tokens::finish()
{
    impl_->feed().finish();
}

}  // namespace ferry::html

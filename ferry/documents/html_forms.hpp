#pragma once

#include "ferry/documents/html.hpp"

#include <utility>

/// \file
/// Forms: what a browser would send. As lxml.html's forms.
///
///     html::form login = html::forms(page).at(0);
///     login.set("user", "ann").set("lang", "de").check("remember");
///     auto sent = login.submit("http://127.0.0.1/login");         // method, url, enctype, pairs
///     auto answer = co_await http::submit(session, sent);         // ferry/http
namespace ferry::html {

/// What goes to the server: nothing of HTML is left in it.
struct submission {
    std::string method;  ///< `GET` or `POST`
    std::string url;     ///< of a GET with the pairs as its query
    std::string
        enctype;  ///< `application/x-www-form-urlencoded`, `multipart/form-data`, `text/plain`
    /// Names and values in the order of the page; line ends are CR LF.
    std::vector<std::pair<std::string, std::string>> pairs;

    /// The body of a POST, but for multipart/form-data, whose boundary is HTTP's business.
    std::string body() const;
};

/// One control of a form, with the state that it has now.
struct control {
    struct choice {
        std::string value;
        std::string label;
        bool selected = false;
        bool disabled = false;
    };

    html::element element;
    std::string name;
    /// The type of an `input`; `select`, `select-multiple`, `textarea`, or a `button`'s type.
    std::string type;
    std::string value;            ///< of what is no select
    bool checked = false;         ///< of a checkbox or radio button
    bool disabled = false;        ///< by itself or by a fieldset
    std::vector<choice> choices;  ///< of a select

    bool is_button() const noexcept;
    bool is_checkable() const noexcept { return type == "checkbox" || type == "radio"; }
    bool is_select() const noexcept { return !choices.empty() || type.starts_with("select"); }
};

/// A form and the values of its controls. A value: changes do not touch the page, whose document
/// must live as long. HTML Standard section 4.10.21.
class form {
public:
    /// \param e  the `form` element.
    explicit form(const html::element& e);

    const html::element& element() const noexcept { return element_; }
    std::string_view name() const noexcept { return element_.attr("name", {}); }
    std::string_view action() const noexcept { return element_.attr("action", {}); }
    std::string method() const;   ///< `GET`, `POST` or `DIALOG`
    std::string enctype() const;  ///< see submission
    /// The controls that belong to it, buttons too, wherever they are in the page.
    const std::vector<control>& controls() const noexcept { return controls_; }
    bool contains(std::string_view name) const noexcept;

    /// What would be sent of the first control of that name: nothing for a checkbox that is off, or
    /// without such a control. As lxml's `form.fields[name]`.
    std::optional<std::string> value(std::string_view name) const;

    /// Fills a field, chooses the option or radio button with that value, or checks the checkbox
    /// that has it (and unchecks those that have not). \throws lookup_error  there is no such
    /// control, or none of its options has the value.
    form& set(std::string_view name, std::string_view value);
    /// Of a select with `multiple` or of several checkboxes: exactly these.
    form& set(std::string_view name, const std::vector<std::string>& values);
    /// \throws lookup_error  there is no checkbox of that name.
    form& check(std::string_view name, bool on = true);

    /// The pairs that a browser would send: not of what is disabled, has no name or is a button
    /// other than the one that is pressed. Files are sent without content. As lxml's form_values().
    /// \param button  name or id of the submit button that is pressed; empty: none.
    /// \throws lookup_error  there is no such button.
    std::vector<std::pair<std::string, std::string>> form_values(
        std::string_view button = {}) const;

    /// \param document_url  of the page, which the action is relative to; see base_url().
    /// \throws parse_error  the action is no URL.
    submission submit(std::string_view document_url = {}, std::string_view button = {}) const;

private:
    friend std::vector<form> forms(const document& of);
    struct empty_tag {};
    form(const html::element& e, empty_tag) : element_(e) {}

    void settle_radio_buttons();
    const control* button_named(std::string_view button) const;
    control& need(std::string_view name);

    html::element element_;
    std::vector<control> controls_;
};

/// The forms of a page. As lxml's `page.forms`.
std::vector<form> forms(const document& of);

}  // namespace ferry::html

#pragma once

#include "ferry/documents/detail/html_names.hpp"

#include <array>

namespace ferry::documents::detail {

/// What the tree construction asks about an HTML element's name, as bits.
enum tag_trait : std::uint32_t {
    is_special = 1U << 0,
    is_formatting = 1U << 1,
    bounds_scope = 1U << 2,
    bounds_button_scope = 1U << 3,  ///< in addition
    bounds_list_scope = 1U << 4,    ///< in addition
    bounds_table_scope = 1U << 5,
    is_transparent_to_items = 1U << 6,  ///< address, div, p: what a new list item looks through
    is_heading = 1U << 7,
    is_void = 1U << 8,
    end_is_implied = 1U << 9,
    end_is_implied_thoroughly = 1U << 10,
    starts_block = 1U << 11,  ///< the start tag closes a p
    ends_block = 1U << 12,
    breaks_out_of_foreign = 1U << 13,
    is_table_part = 1U << 14,  ///< table, tbody, tfoot, thead, tr: where text is fostered
    belongs_to_head = 1U << 15,
    is_math_text = 1U << 16,  ///< integration points, in their own namespaces
    is_html_point = 1U << 17,
    has_raw_text = 1U << 18,  ///< serialised without escaping
};

constexpr std::array<std::uint32_t, tag::count> make_tag_traits()
{
    std::array<std::uint32_t, tag::count> t{};
    const auto add = [&t](std::uint32_t trait, std::initializer_list<name_id> names) {
        for (const name_id n : names) t[n] |= trait;
    };
    using namespace tag;
    add(is_special,
        {address,   applet,   area,     article, aside,   base,     basefont,   bgsound, blockquote,
         body,      br,       button,   caption, center,  col,      colgroup,   dd,      details,
         dir,       div,      dl,       dt,      embed,   fieldset, figcaption, figure,  footer,
         form,      frame,    frameset, h1,      h2,      h3,       h4,         h5,      h6,
         head,      header,   hgroup,   hr,      html,    iframe,   img,        input,   keygen,
         li,        link,     listing,  main,    marquee, menu,     meta,       nav,     noembed,
         noframes,  noscript, object,   ol,      p,       param,    plaintext,  pre,     script,
         search,    section,  select,   source,  style,   summary,  table,      tbody,   td,
         template_, textarea, tfoot,    th,      thead,   title,    tr,         track,   ul,
         wbr,       xmp});
    add(is_formatting, {a, b, big, code, em, font, i, nobr, s, small, strike, strong, tt, u});
    add(bounds_scope, {applet, caption, html, table, td, th, marquee, object, select, template_});
    add(bounds_button_scope, {button});
    add(bounds_list_scope, {ol, ul});
    add(bounds_table_scope, {html, table, template_});
    add(is_transparent_to_items, {address, div, p});
    add(is_heading, {h1, h2, h3, h4, h5, h6});
    add(is_void, {area, base, basefont, bgsound, br, col, embed, frame, hr, img, input, keygen,
                  link, meta, param, source, track, wbr});
    add(end_is_implied | end_is_implied_thoroughly,
        {dd, dt, li, optgroup, option, p, rb, rp, rt, rtc});
    add(end_is_implied_thoroughly, {caption, colgroup, tbody, td, tfoot, th, thead, tr});
    add(starts_block,
        {address, article,  aside,      blockquote, center,  details, dialog, dir,  div,
         dl,      fieldset, figcaption, figure,     footer,  header,  hgroup, main, menu,
         nav,     ol,       p,          search,     section, summary, ul});
    add(ends_block,
        {address, article,  aside,      blockquote, button,  center, details, dialog,  dir,  div,
         dl,      fieldset, figcaption, figure,     footer,  header, hgroup,  listing, main, menu,
         nav,     ol,       pre,        search,     section, select, summary, ul});
    add(breaks_out_of_foreign,
        {b,     big,   blockquote, body,   br,   center, code,  dd, div,  dl,   dt,
         em,    embed, h1,         h2,     h3,   h4,     h5,    h6, head, hr,   i,
         img,   li,    listing,    menu,   meta, nobr,   ol,    p,  pre,  ruby, s,
         small, span,  strong,     strike, sub,  sup,    table, tt, u,    ul,   var});
    add(is_table_part, {table, tbody, tfoot, thead, tr});
    add(belongs_to_head,
        {base, basefont, bgsound, link, meta, noframes, script, style, template_, title});
    add(is_math_text, {mi, mo, mn, ms, mtext});
    add(is_html_point, {foreign_object, desc, title});
    add(has_raw_text, {style, script, xmp, iframe, noembed, noframes, plaintext});
    return t;
}
inline constexpr auto tag_traits = make_tag_traits();

/// Traits of an HTML element's name.
constexpr std::uint32_t traits_of(name_id name) noexcept
{
    return name < tag::count ? tag_traits[name] : 0;
}

}  // namespace ferry::documents::detail

"""Writes html_entities.inc: the named character references of the HTML Standard, from Python's copy of its table.

Names are sorted and stored without their semicolon in one string; `first_of` are the offsets into it. A value packs
the first code point (bits 0-16), the index of the second in `seconds` (bits 17-20) and whether the name is also
known without its semicolon (bit 21).
"""
import html.entities
import pathlib

table = html.entities.html5
names = sorted({n.rstrip(';') for n in table})
seconds = [0]
values = []
for name in names:
    text = table[name + ';']
    second = ord(text[1]) if len(text) > 1 else 0
    if second not in seconds:
        seconds.append(second)
    values.append(ord(text[0]) | seconds.index(second) << 17 | (name in table) << 21)
assert len(seconds) <= 16 and max(map(ord, ''.join(table.values()))) < 1 << 17
starts = [sum(len(n) for n in names[:i]) for i in range(len(names) + 1)]
assert starts[-1] < 1 << 16


def rows(items, width):
    return [', '.join(items[i:i + width]) + ',' for i in range(0, len(items), width)]


out = ['// Made by html_entities_generate.py.', '// clang-format off']
blob = ''.join(names)
out += ['constexpr char names[] ='] + [f'    "{blob[i:i + 100]}"' for i in range(0, len(blob), 100)] + ['    ;']
out += [f'constexpr std::size_t count = {len(names)};']
out += ['constexpr std::uint16_t first_of[] = {'] + rows([str(s) for s in starts], 18) + ['};']
out += ['constexpr std::uint32_t values[] = {'] + rows([hex(v) for v in values], 11) + ['};']
out += ['constexpr char32_t seconds[] = {'] + rows([hex(s) for s in seconds], 16) + ['};']
pathlib.Path(__file__).with_name('html_entities.inc').write_text('\n'.join(out) + '\n')

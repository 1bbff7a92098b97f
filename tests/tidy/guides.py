"""Checks that every guide quotes an example, and that what it shows as C++ stands in one: the same lines in the same
order, where the guide may leave lines out and have its own comments behind them."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])


def lines(text):
    stripped = (re.sub(r'\s*//(?![^"]*"[^"]*$).*', '', line).strip() for line in text.splitlines())
    return [line for line in stripped if line]


def stands_in(wanted, example):
    rest = iter(example)
    return all(line in rest for line in wanted)


examples = [lines(path.read_text()) for path in sorted((root / 'examples').glob('*.cpp'))]
bad, quoted = [], 0
for guide in [root / 'README.md', *sorted((root / 'docs').glob('*.md'))]:
    if guide.name in ('architecture.md', 'parity.md'):
        continue
    text = guide.read_text()
    blocks = list(re.finditer(r'```cpp\n(.*?)```', text, re.S))
    if not blocks:
        bad.append(f'{guide.relative_to(root)}: quotes no example')
    for block in blocks:
        quoted += 1
        if not any(stands_in(lines(block[1]), example) for example in examples):
            line = text[:block.start()].count('\n') + 1
            bad.append(f'{guide.relative_to(root)}:{line}: not in any example')

print('\n'.join(bad) or f'{quoted} quotations')
sys.exit(bool(bad))

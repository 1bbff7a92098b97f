"""Checks that every guide quotes an example: what it shows as C++ stands in one. Between blank lines, and `...`, nothing
is left out; how lines are broken, and the comments behind them, are the guide's own. docs/command.md lists every verb
and every exit code."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])


def code(text):
    """Without comments and white space."""
    lines = (re.sub(r'(^|\s)//.*', '', line) for line in text.splitlines())
    return re.sub(r'\s+', '', ''.join(lines))


examples = [code(path.read_text()) for path in sorted((root / 'examples').glob('*.cpp'))]
bad, quoted = [], 0
for guide in [root / 'README.md', *sorted((root / 'docs').glob('*.md'))]:
    if guide.name in ('architecture.md', 'command.md', 'parity.md'):
        continue
    text = guide.read_text()
    blocks = list(re.finditer(r'```cpp\n(.*?)```', text, re.S))
    if not blocks:
        bad.append(f'{guide.relative_to(root)}: quotes no example')
    for block in blocks:
        quoted += 1
        pieces = [code(piece) for piece in re.split(r'\n\s*(?:\.\.\.\s*)?\n', block[1])]
        if not any(all(piece in example for piece in pieces) for example in examples):
            line = text[:block.start()].count('\n') + 1
            bad.append(f'{guide.relative_to(root)}:{line}: not in any example')

command = (root / 'docs/command.md').read_text()
for verb in re.findall(r'^    verb\{"(\w+)"', (root / 'apps/ferry/commands.cpp').read_text(), re.M):
    if f'`{verb}`' not in command:
        bad.append(f'docs/command.md: does not tell of {verb}')
codes = (root / 'apps/ferry/commands.hpp').read_text()
numbers = dict(re.findall(r'constexpr int (\w+) = (\d+);', codes))
for name, meaning in re.findall(r'\{exit_code::(\w+), "([^"]+)"\}', codes):
    if f'| {numbers[name]} | {meaning} |' not in command:
        bad.append(f'docs/command.md: exit code {numbers[name]} is not "{meaning}"')

print('\n'.join(bad) or f'{quoted} quotations')
sys.exit(bool(bad))

"""Checks that every test that docs/parity.md names exists, and that every row names one."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
defined = set()
for folder in ('ferry', 'tests'):
    for path in root.glob(f'{folder}/**/*.cpp'):
        for suite, name in re.findall(r'\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)', path.read_text()):
            defined.add(f'{suite}.{name}')

bad, rows = [], 0
for number, line in enumerate((root / 'docs/parity.md').read_text().splitlines(), 1):
    if not line.startswith('| ') or line.startswith(('| Python |', '| --- ')):
        continue
    rows += 1
    cells = [c.strip() for c in re.split(r'(?<!\\)\|', line)[1:-1]]
    if len(cells) != 3:
        bad.append(f'docs/parity.md:{number}: a row has three cells, this one {len(cells)}')
        continue
    named = re.findall(r'`(\w+\.\w+)`', cells[2])
    if not named:
        bad.append(f'docs/parity.md:{number}: no test is named')
    bad += [f'docs/parity.md:{number}: no test {test}' for test in named if test not in defined]

print('\n'.join(bad) or f'{rows} rows')
sys.exit(bool(bad))

"""Checks what no compiler checks: module boundaries, walled-off headers, sizes, coroutine patterns."""
import pathlib
import re
import sys

from coroutines import REASONS, hazards

root = pathlib.Path(sys.argv[1])
bad = []

depends = {'testing': {'core', 'async', 'net'}}
for cmake in sorted(root.glob('ferry/*/CMakeLists.txt')):
    call = re.search(r'ferry_module\((\w+)([^)]*)\)', cmake.read_text())
    if call:
        listed = re.search(r'DEPENDS((?:\s+[a-z]+\b)*)', call.group(2))
        depends[call.group(1)] = set(listed.group(1).split()) if listed else set()


def closure(module):
    seen, todo = {module}, [module]
    while todo:
        for d in depends.get(todo.pop(), ()):
            if d not in seen:
                seen.add(d)
                todo.append(d)
    return seen


def check_includes(rel, lines):
    module = rel.parts[1]
    public = rel.suffix == '.hpp' and 'detail' not in rel.parts
    is_test = rel.stem.endswith(('_test', '_bench'))
    for n, line in enumerate(lines, 1):
        m = re.match(r'#include "ferry/(\w+)/(detail/)?', line)
        if m and m.group(1) not in closure(module) and not (is_test and m.group(1) == 'testing'):
            bad.append(f'{rel}:{n}: {module} may not include {m.group(1)}')
        if m and m.group(2) and (m.group(1) != module or public):
            bad.append(f'{rel}:{n}: detail header out of its place')
        m = re.match(r'#include <([\w.]+)/', line)
        if public and m and m.group(1) not in ('boost', 'sys') and module != 'testing':
            bad.append(f'{rel}:{n}: third-party header in a public header')


def check_sizes(rel, lines):
    for n, line in enumerate(lines, 1):
        if len(line) > 110:
            bad.append(f'{rel}:{n}: line over 110 columns')
    if len(lines) > 800:
        bad.append(f'{rel}: {len(lines)} lines: find a better seam')


for folder in ('ferry', 'apps', 'examples', 'tests', 'bench'):
    for path in sorted([*root.glob(f'{folder}/**/*.hpp'), *root.glob(f'{folder}/**/*.cpp')]):
        rel = path.relative_to(root)
        text = path.read_text()
        lines = text.splitlines()
        if folder == 'ferry':
            check_includes(rel, lines)
        check_sizes(rel, lines)
        if rel.parts[:2] != ('tests', 'battery'):
            bad += [f'{rel}:{n}: {name}: {REASONS[name]}' for n, name in hazards(text)]

print('\n'.join(bad) or 'tidy')
sys.exit(bool(bad))

"""What docs/tasks_celery.md tells the reader to do, with its program built: guide_checks.py SHOP BROKER BACKEND"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
SHOP, BROKER, BACKEND = sys.argv[1:4]
guide = (Path(__file__).parents[3] / 'docs/tasks_celery.md').read_text()
module, call = re.findall(r'```python\n(.*?)```', guide, re.DOTALL)
printed = re.search(r'^prints `(.*)`', guide, re.MULTILINE)[1]
commands = re.findall(r'^    (.*)$', guide, re.MULTILINE)
serve, = (c for c in commands if c.startswith('build/shop worker'))
looks = [c for c in commands if c.startswith('celery ')]
assert len(looks) == 3, commands

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    Path('shop.py').write_text(module)
    os.environ.update(SHOP_BROKER=BROKER, SHOP_RESULTS=BACKEND)
    sys.path[:0] = [folder]
    import shop
    from support import PATIENCE, Node, equal
    worker = Node(shop.app, 'cpp1@shop', [SHOP, *shlex.split(serve)[1:]], SHOP_BROKER=BROKER, SHOP_RESULTS=BACKEND)
    try:
        # The guide's ten seconds may be too few for a busy machine.
        call = call.replace('timeout=10', f'timeout={PATIENCE}')
        ran = subprocess.run([sys.executable, '-c', call], capture_output=True, text=True)
        equal((ran.returncode, ran.stdout), (0, printed + '\n'))
        try:
            shop.resize.delay(0, 1, 1).get(timeout=PATIENCE)
            raise AssertionError('no failure')
        except ValueError as e:
            equal(str(e), 'no such size')
        for look in looks:
            words = shlex.split(look)
            ran = subprocess.run([sys.executable, '-m', *words, '--timeout', str(PATIENCE), '-d', worker.name],
                                 capture_output=True, text=True)
            assert ran.returncode == 0 and worker.name in ran.stdout, (look, ran)
        equal(worker.end(), 0)
    finally:
        worker.process.kill()

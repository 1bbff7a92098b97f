"""The example client against Celery's own worker: client_checks.py CLIENT BROKER BACKEND"""
import os
import subprocess
import sys

from celery import Celery

sys.dont_write_bytecode = True
from support import PATIENCE, celery_node

CLIENT, BROKER, BACKEND = sys.argv[1:4]
EXPECTED = """\
ferry.add 5
ferry.mul 6
ferry.xsum 6
ferry.echo {'args': ['café', None, True, 0.5], 'kwargs': {}}
ferry.fail ValueError: boom
ferry.add TypeError: add() missing 1 required positional argument: 'y'
ferry.retry_n 2
ferry.retry_n RuntimeError: retry_n gave up
ferry.add 2
ferry.add TaskRevokedError: expired
ferry.sleep TimeLimitExceeded: 1.0
"""
app = Celery('checks', broker=BROKER, backend=BACKEND)
worker = celery_node(app, 'served@client', BROKER, BACKEND)
try:
    ran = subprocess.run([CLIENT], env=dict(os.environ, FERRY_BROKER=BROKER, FERRY_BACKEND=BACKEND), capture_output=True,
                         text=True, timeout=2 * PATIENCE)
    print(ran.stdout, ran.stderr)
    wrong = ran.returncode != 0 or ran.stdout != EXPECTED
finally:
    worker.end()
if wrong:
    print('wanted:\n', EXPECTED, '\nthe worker says:\n', worker.output(), sep='')
sys.exit(wrong)

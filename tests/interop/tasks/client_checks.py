"""The example client against Celery's own worker: client_checks.py CLIENT BROKER BACKEND"""
import os
import subprocess
import sys
import time
from pathlib import Path

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
environment = dict(os.environ, FERRY_BROKER=BROKER, FERRY_BACKEND=BACKEND)
worker = subprocess.Popen([sys.executable, '-m', 'celery', '-A', 'celery_app', 'worker', '-c', '2', '-l', 'WARNING'],
                          cwd=Path(__file__).parent, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
try:
    time.sleep(1)
    ran = subprocess.run([CLIENT], env=environment, capture_output=True, text=True, timeout=90)
    print(ran.stdout, ran.stderr)
    wrong = ran.returncode != 0 or ran.stdout != EXPECTED
finally:
    worker.terminate()
    output, _ = worker.communicate(timeout=30)
if wrong:
    print('wanted:\n', EXPECTED, '\nthe worker says:\n', output, sep='')
sys.exit(wrong)

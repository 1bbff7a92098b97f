"""The example worker goes on after its server was restarted: restart_checks.py WORKER SERVICES redis|rabbitmq

Redis comes back empty. Tasks and remote control must work again: within 45 s, on a busy machine within twice that.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time

from celery import Celery

WORKER, SERVICES, KIND = sys.argv[1:4]
NODE = 'w1@ferry'
folder = tempfile.TemporaryDirectory()
service = os.path.join(SERVICES, 'rabbitmq')


def redis_server(port):
    server = subprocess.Popen(['redis-server', '--port', str(port), '--bind', '127.0.0.1', '--dir', folder.name,
                               '--save', ''], stdout=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0:
                return server
        time.sleep(0.05)
    raise RuntimeError('no redis-server')


def again(what, seconds=90):
    end = time.time() + seconds
    while True:
        try:
            return what()
        except Exception as e:
            if time.time() > end:
                raise
            print('not yet:', repr(e)[:200], flush=True)
            time.sleep(0.5)


if KIND == 'redis':
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    server = redis_server(port)
    broker = backend = f'redis://127.0.0.1:{port}/0'
else:
    subprocess.run([service, 'start', folder.name], check=True)
    broker = f'amqp://guest:guest@127.0.0.1:{open(folder.name + "/port").read().strip()}/'
    backend = 'rpc://'


def serves():
    app = Celery('checks', broker=broker, backend=backend)
    assert app.send_task('ferry.add', (2, 3)).get(timeout=10) == 5
    assert app.control.inspect(destination=[NODE], timeout=2).ping() == {NODE: {'ok': 'pong'}}
    app.close()


log = open(folder.name + '/worker.log', 'w+')
worker = subprocess.Popen([WORKER], stdout=log, stderr=log, env=dict(os.environ, FERRY_BROKER=broker,
                          FERRY_BACKEND=backend, FERRY_NODE=NODE))
failed = True
try:
    again(serves)
    for _ in range(2):
        if KIND == 'redis':
            server.kill()
            server.wait()
            time.sleep(1)
            server = redis_server(port)
        else:
            subprocess.run([service, 'ctl', folder.name, 'stop_app'], check=True)
            subprocess.run([service, 'ctl', folder.name, 'start_app'], check=True)
        begin = time.time()
        again(serves)
        print(f'serves again after {time.time() - begin:.1f} s', flush=True)
    worker.terminate()
    failed = worker.wait(90) != 0
finally:
    worker.kill()
    if KIND == 'redis':
        server.kill()
    else:
        subprocess.run([service, 'stop', folder.name])
    if failed:
        log.seek(0)
        print(log.read()[-4000:])
sys.exit(failed)

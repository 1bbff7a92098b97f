"""The tasks of examples/celery_worker.cpp in Python: python3 -m celery -A celery_app worker"""
import os
import signal
import time

from celery import Celery
from kombu import Queue
from kombu.common import Broadcast

app = Celery('ferry', broker=os.environ['FERRY_BROKER'], backend=os.environ['FERRY_BACKEND'])
app.conf.result_serializer = os.environ.get('FERRY_RESULT_SERIALIZER') or 'json'
app.conf.task_default_queue = os.environ.get('FERRY_QUEUE') or 'celery'
app.conf.result_accept_content = ['json', 'pickle']
app.conf.accept_content = ['json', 'pickle', 'yaml', 'msgpack']
app.conf.result_extended = bool(os.environ.get('FERRY_RESULT_EXTENDED'))
if os.environ.get('FERRY_BROADCAST'):
    app.conf.task_queues = [Queue(app.conf.task_default_queue), Broadcast(os.environ['FERRY_BROADCAST'])]
    app.conf.task_default_routing_key = 'celery'


@app.task(name='ferry.add')
def add(x, y):
    return x + y


@app.task(name='ferry.mul')
def mul(x, y):
    return x * y


@app.task(name='ferry.xsum')
def xsum(numbers):
    return sum(numbers)


@app.task(name='ferry.sleep')
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name='ferry.fail')
def fail(why):
    raise ValueError(why)


@app.task(name='ferry.echo')
def echo(*args, **kwargs):
    return {'args': args, 'kwargs': kwargs}


@app.task(name='ferry.crash')
def crash():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name='ferry.note')
def note(what):
    return what


@app.task(name='ferry.swap', bind=True)
def swap(self, call):
    return self.replace(app.signature(call))


@app.task(name='ferry.extend', bind=True)
def extend(self, call, result):
    self.add_to_chord(app.signature(call))
    return result


@app.task(name='ferry.retry_n', bind=True, max_retries=3)
def retry_n(self, n):
    if self.request.retries < n:
        raise self.retry(countdown=0.2, exc=RuntimeError('retry_n gave up'))
    return n

"""Celery's figures for tasks_bench: tasks_peer.py BROKER BACKEND COUNT prints lines of `case metric value unit`.
Two prefork processes, all settings Celery's own."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from celery import Celery

app = Celery('tasks_peer', broker=os.environ.get('PEER_BROKER'), backend=os.environ.get('PEER_BACKEND'))
app.conf.update(task_serializer='json', result_serializer='json', accept_content=['json'],
                broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)


@app.task(ignore_result=True)
def no_op(n):
    return n


@app.task
def echo(n):
    return n


@app.task(ignore_result=True)
def mark(path):
    with open(path, 'w') as f:
        f.write(repr(time.time()))


class Worker:
    """A worker with two processes, ended when the block ends."""

    def __enter__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        env = dict(os.environ, PYTHONPATH=here, PYTHONDONTWRITEBYTECODE='1', C_FORCE_ROOT='1')
        self.process = subprocess.Popen(
            ['/usr/bin/python3', '-m', 'celery', '-A', 'tasks_peer', 'worker', '-c', '2', '-l', 'ERROR',
             '--without-gossip', '--without-mingle'],
            env=env, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu(self):
        """Seconds of CPU, of all its processes."""
        pid = self.process.pid
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            pids = [str(pid)] + f.read().split()
        ticks = 0
        for p in pids:
            with open(f'/proc/{p}/stat') as f:
                fields = f.read().rsplit(')', 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf('SC_CLK_TCK')


def wait_for(path):
    end = time.time() + 120
    while not (os.path.exists(path) and os.path.getsize(path)):
        if time.time() > end:
            sys.exit('tasks_peer: the batch did not end')
        time.sleep(0.002)


def latency_of_calls(task):
    """The median of microseconds, from the call to its result."""
    times = []
    for n in range(200):
        start = time.perf_counter()
        assert task.delay(n).get(timeout=30, interval=0.001) == n
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def main(count):
    folder = tempfile.mkdtemp()
    first, last = folder + '/first', folder + '/last'
    say = lambda case, metric, value, unit: print(case, metric, f'{value:.6g}', unit, flush=True)

    # Sending, with no worker; then a worker that finds it all waiting.
    no_op.delay(0)
    mark.delay(first)
    cpu = time.process_time()
    for n in range(count):
        no_op.apply_async((n,))
    say('send', 'cpu', (time.process_time() - cpu) / count * 1e6, 'us/task')
    mark.delay(last)
    with Worker() as worker:
        wait_for(first)
        cpu = worker.cpu()
        wait_for(last)
        say('waiting', 'rate', count / (float(open(last).read()) - float(open(first).read())), 'tasks/s')
        say('waiting', 'worker-cpu', (worker.cpu() - cpu) / count * 1e6, 'us/task')
        os.unlink(last)
        echo.delay(0).get(timeout=60)

        cpu, start = worker.cpu(), time.perf_counter()
        for n in range(count):
            no_op.delay(n)
        mark.delay(last)
        wait_for(last)
        say('through', 'rate', count / (time.perf_counter() - start), 'tasks/s')
        say('through', 'worker-cpu', (worker.cpu() - cpu) / count * 1e6, 'us/task')

        start = time.perf_counter()
        for result in [echo.delay(n) for n in range(count)]:
            result.get(timeout=60)
        say('results', 'rate', count / (time.perf_counter() - start), 'tasks/s')

        say('delay-get', 'latency', latency_of_calls(echo), 'us')
        if app.conf.broker_url.startswith('amqp'):
            sure = Celery('sure', broker=app.conf.broker_url, backend=app.conf.result_backend)
            sure.conf.broker_transport_options = {'confirm_publish': True}
            say('confirmed-delay-get', 'latency', latency_of_calls(sure.signature(echo.name)), 'us')
    subprocess.run(['rm', '-r', folder], check=True)


if __name__ == '__main__':
    os.environ['PEER_BROKER'], os.environ['PEER_BACKEND'] = sys.argv[1:3]
    app.conf.broker_url, app.conf.result_backend = sys.argv[1:3]
    main(int(sys.argv[3]))

"""formats_peer.py WHO CASE COUNT: CPU microseconds that Python takes for a MB of the records of formats_bench."""
import pickle
import sys
import time

import msgpack
import yaml


def records(count):
    return [{'id': i, 'name': f'name of record {i}', 'price': i * 0.25, 'tags': ['red', 'blue'], 'active': i % 2 == 0}
            for i in range(count)]


def cost(size, work):
    done, begin = 0, time.process_time()
    while time.process_time() - begin < 0.3:
        work()
        done += 1
    print((time.process_time() - begin) * 1e6 / (done * size / 1e6))


who, case, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
some = records(count)
if case.startswith('pickle'):
    data, load, dump = pickle.dumps(some), pickle.loads, pickle.dumps
elif case.startswith('msgpack'):
    data, load, dump = msgpack.packb(some), msgpack.unpackb, msgpack.packb
else:
    c = who == 'pyyaml-libyaml'
    data = yaml.safe_dump(some)
    load = lambda text: yaml.load(text, yaml.CSafeLoader if c else yaml.SafeLoader)
    dump = lambda v: yaml.dump(v, Dumper=yaml.CSafeDumper if c else yaml.SafeDumper)
cost(len(data), (lambda: load(data)) if case.endswith('_load') else (lambda: dump(some)))

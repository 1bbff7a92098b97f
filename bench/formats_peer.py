"""The records of formats_bench by Python: MB per CPU second, the median of three."""
import pickle
import statistics
import sys
import time

import msgpack
import yaml


def records(count):
    return [{'id': i, 'name': f'name of record {i}', 'price': i * 0.25, 'tags': ['red', 'blue'], 'active': i % 2 == 0}
            for i in range(count)]


def measure(who, name, size, work):
    rates = []
    for _ in range(3):
        done, begin = 0, time.process_time()
        while time.process_time() - begin < 0.3:
            work()
            done += 1
        rates.append(done * size / 1e6 / (time.process_time() - begin))
    print(f'formats {who}/{name} cpu_rate {statistics.median(rates):.4g} MB/s', flush=True)


many, some = records(int(sys.argv[1])), records(500)
pickled, packed, text = pickle.dumps(many), msgpack.packb(many), yaml.safe_dump(some)
measure('python', 'pickle_load', len(pickled), lambda: pickle.loads(pickled))
measure('python', 'pickle_dump', len(pickled), lambda: pickle.dumps(many))
measure('python', 'msgpack_load', len(packed), lambda: msgpack.unpackb(packed))
measure('python', 'msgpack_dump', len(packed), lambda: msgpack.packb(many))
measure('pyyaml', 'yaml_load', len(text), lambda: yaml.safe_load(text))
measure('pyyaml', 'yaml_dump', len(text), lambda: yaml.safe_dump(some))
measure('pyyaml-libyaml', 'yaml_load', len(text), lambda: yaml.load(text, yaml.CSafeLoader))
measure('pyyaml-libyaml', 'yaml_dump', len(text), lambda: yaml.dump(some, Dumper=yaml.CSafeDumper))

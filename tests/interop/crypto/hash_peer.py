"""Prints hashlib's digests of the samples that the test hashes: name, sample number, hexdigest."""
import hashlib

samples = [b'', b'abc', bytes(range(256)) * 100, b'x' * 1000003]
for name in ('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3_256', 'sha3_512', 'blake2b', 'blake2s'):
    for number, sample in enumerate(samples):
        print(name, number, hashlib.new(name, sample).hexdigest())

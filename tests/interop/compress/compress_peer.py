"""`compress_peer.py pack CODEC` or `unpack CODEC`: standard input to standard output."""
import bz2
import gzip
import lzma
import sys
import zlib

import brotli
import zstandard


def unpack_zstd(data):
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


work = {
    ('pack', 'gzip'): gzip.compress, ('unpack', 'gzip'): gzip.decompress,
    ('pack', 'deflate'): zlib.compress, ('unpack', 'deflate'): zlib.decompress,
    ('pack', 'zstd'): zstandard.ZstdCompressor().compress, ('unpack', 'zstd'): unpack_zstd,
    ('pack', 'bzip2'): bz2.compress, ('unpack', 'bzip2'): bz2.decompress,
    ('pack', 'xz'): lzma.compress, ('unpack', 'xz'): lzma.decompress,
    ('pack', 'br'): brotli.compress, ('unpack', 'br'): brotli.decompress,
}
sys.stdout.buffer.write(work[sys.argv[1], sys.argv[2]](sys.stdin.buffer.read()))

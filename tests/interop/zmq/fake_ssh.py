#!/usr/bin/python3
"""Takes ssh's arguments and forwards one port, as ssh -N -L would from a host that is this one."""
import socket
import sys
import threading

arguments = sys.argv[1:]
assert arguments[arguments.index('--') + 1] == 'user@gate', arguments
assert 'BatchMode=yes' in arguments and '-N' in arguments
_, port, host, far = arguments[arguments.index('-L') + 1].split(':')


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has gone


listener = socket.create_server(('127.0.0.1', int(port)))
while True:
    near, _ = listener.accept()
    there = socket.create_connection((host, int(far)))
    for a, b in ((near, there), (there, near)):
        threading.Thread(target=pump, args=(a, b), daemon=True).start()

"""Drives the server of clients_test.go with python-socketio.

Usage: client.py URL TRANSPORT
"""
import sys
import threading

import socketio

url, transport = sys.argv[1:]
transports = None if transport == "default" else [transport]


def wait(event, what):
    assert event.wait(15), "no " + what


def connect(**kw):
    c = socketio.Client(reconnection=False)
    c.connect(url, transports=transports, **kw)
    return c


c = connect()
assert c.call("echo", ("a", 1, None)) == ("a", 1, None)
assert c.call("swap", (b"\x00\x01", b"two")) == (b"two", b"\x00\x01")

got, done = [], threading.Event()


@c.on("n")
def on_n(n):
    got.append(n)
    if len(got) == 100:
        done.set()


c.emit("flood", 100)
wait(done, "flood")
assert got == list(range(100)), got

ended, gone = threading.Event(), threading.Event()
last = {}


@c.on("session_ended")
def on_ended(data):
    last.update(data)
    ended.set()


@c.on("disconnect")
def on_disconnect():
    gone.set()


c.emit("end me")
wait(ended, "session_ended")
wait(gone, "disconnect")
assert last == {"code": "replaced", "reconnect": False}, last
c.disconnect()

try:
    connect(namespaces=["/admin"])
    raise AssertionError("connected without a token")
except socketio.exceptions.ConnectionError:
    pass
print("ok")

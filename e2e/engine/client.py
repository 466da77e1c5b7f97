"""Drives the server of clients_test.go with python-socketio.

Usage: client.py URL TRANSPORT threads|asyncio
"""
import asyncio
import inspect
import sys
import threading

import socketio

url, transport, kind = sys.argv[1:]
transports = None if transport == "default" else [transport]
make, make_event = {
    "threads": (socketio.Client, threading.Event),
    "asyncio": (socketio.AsyncClient, asyncio.Event),
}[kind]


async def do(result):
    """What a method gives, of either kind of client."""
    return await result if inspect.isawaitable(result) else result


async def wait(event, what):
    if kind == "asyncio":
        await asyncio.wait_for(event.wait(), 15)
    else:
        assert event.wait(15), "no " + what


async def connect(c=None, **kw):
    c = c or make(reconnection=False)
    await do(c.connect(url, transports=transports, **kw))
    return c


async def binary_both_ways(c):
    assert await do(c.call("swap", (b"\x00\x01", b"two"))) == (b"two", b"\x00\x01")


async def acks_both_ways(c):
    assert await do(c.call("echo", ("a", 1, None))) == ("a", 1, None)
    answered, got = make_event(), []

    @c.on("question")
    def on_question(n, data):
        return n + len(data), data

    @c.on("answered")
    def on_answered(n, data):
        got.extend([n, data])
        answered.set()

    await do(c.emit("ask"))
    await wait(answered, "answer")
    assert got == [44, b"\x07\x08\x09"], got


async def acks_binary_and_order():
    c = await connect()
    await binary_both_ways(c)
    await acks_both_ways(c)
    got, done = [], make_event()

    @c.on("n")
    def on_n(n):
        got.append(n)
        if len(got) == 100:
            done.set()

    await do(c.emit("flood", 100))
    await wait(done, "flood")
    assert got == list(range(100)), got
    await do(c.disconnect())


async def heartbeats_and_upgrade():
    c = await connect()
    gone = make_event()
    c.on("disconnect", gone.set)
    await do(c.sleep(1))  # several pings
    assert not gone.is_set()
    name = await do(c.call("transport"))
    assert name == ("websocket" if transport == "default" else transport), name
    await do(c.disconnect())


async def comes_back():
    c = make(reconnection_delay=0.02, reconnection_delay_max=0.05)
    there, count = make_event(), []

    @c.on("connect")
    def on_connect():
        count.append(c.get_sid())
        if len(count) == 2:
            there.set()

    await connect(c)
    await do(c.emit("close me"))
    await wait(there, "return")
    assert count[0] != count[1], count
    await binary_both_ways(c)
    await acks_both_ways(c)
    await do(c.disconnect())


async def ends():
    c = await connect()
    ended, gone, last = make_event(), make_event(), {}

    @c.on("session_ended")
    def on_ended(data):
        last.update(data)
        ended.set()

    c.on("disconnect", gone.set)
    await do(c.emit("end me"))
    await wait(ended, "session_ended")
    await wait(gone, "disconnect")
    assert last == {"code": "replaced", "reconnect": False}, last
    await do(c.disconnect())


async def namespaces_and_refusals():
    c = await connect(namespaces=["/admin"], auth={"token": "good"})
    assert await do(c.call("where", namespace="/admin")) == "/admin"
    await do(c.disconnect())
    c, why = make(reconnection=False), []
    c.on("connect_error", why.append, namespace="/admin")
    try:
        await connect(c, namespaces=["/admin"])
        raise AssertionError("connected without a token")
    except socketio.exceptions.ConnectionError:
        pass
    assert why == [{"message": "who are you?", "data": {"code": "invalid_token", "retry": False}}], why


async def main():
    scenarios = [acks_binary_and_order, heartbeats_and_upgrade, comes_back, ends, namespaces_and_refusals]
    for scenario in scenarios:
        await scenario()
    print(len(scenarios), "scenarios")


asyncio.run(main())

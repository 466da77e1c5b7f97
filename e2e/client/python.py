"""python-socketio as an application would use it; see node.mjs.

python3 python.py PACKAGE URL TRANSPORT MODE USERNAME PASSWORD [TOKEN [HOW]]
The local CA's certificate is named by TURNIKE_CA.
"""

import json
import os
import sys
import threading

import requests
import socketio

url, transport, mode, username, password = sys.argv[2:7]
given = sys.argv[7] if len(sys.argv) > 7 else ""
how = sys.argv[8] if len(sys.argv) > 8 else "auth"
http = requests.Session()
http.verify = os.environ["TURNIKE_CA"]
printing = threading.Lock()


def say(**line):
    with printing:
        print(json.dumps(line), flush=True)


def login():
    res = http.post(url + "/login-token", json={"username": username, "password": password})
    body = res.json()
    if how != "jar":
        http.cookies.clear()
    say(what="login", status=res.status_code, user=body.get("user"))
    return body.get("token")


token = given or login()
sio = socketio.Client(http_session=http, request_timeout=60, reconnection_delay=0.1, reconnection_delay_max=0.3)
for name in ["response", "connection_slots", "online_users", "presence_sync", "user_status"]:
    sio.on(name, lambda data, name=name: say(what=name, data=data))


def ended(name, data):
    # Each packet has a thread of its own here, so the transport's close may be
    # noticed before DISCONNECT: the event says that nobody is to come back.
    sio.reconnection = data["reconnect"]
    say(what=name, data=data)


for name in ["session_ended", "connection_ended"]:
    sio.on(name, lambda data, name=name: ended(name, data))


def answered(data):
    say(what="ack", data=data)
    if mode == "once":
        sio.disconnect()


@sio.event
def connect():
    say(what="connect", id=sio.get_sid())
    sio.emit("register_user", {"token": token, "username": username}, callback=answered)


@sio.event
def disconnect():
    say(what="disconnect")


@sio.event
def connect_error(err):
    data = err if isinstance(err, dict) else {"message": str(err)}
    say(what="connect_error", message=data.get("message"), data=data.get("data"))
    if (data.get("data") or {}).get("retry") is False:
        os._exit(0)  # from a thread of the client's


transports = {"websocket": ["websocket"], "polling": ["polling"], "default": None}[transport]
try:
    sio.connect(
        url + ("?token=" + token if how == "query" else ""),
        auth={"lang": "en"} if how in ("header", "query") else {"token": token, "lang": "en"},
        headers={"Authorization": "Bearer " + token} if how == "header" else {},
        transports=transports,
    )
except socketio.exceptions.ConnectionError:
    sys.exit(0)  # connect_error has said why
sio.wait()
while sio.connected:  # wait() also returns after a quick reconnect
    sio.wait()

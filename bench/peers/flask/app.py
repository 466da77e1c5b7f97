"""The seed's contract on its own stack, as lean as an expert would configure it.

State is a map in memory; BCAST=0 tells nobody until SIGUSR2.
"""
import eventlet
eventlet.monkey_patch()
import os, signal, time
import jwt
from flask import Flask, request, jsonify
from flask_socketio import SocketIO, emit, disconnect

SECRET = os.environ.get('JWT_SECRET_KEY', 'bench-secret-bench-secret-bench-secret')
MAX = int(os.environ.get('MAX_CONNECTIONS', '1000000'))
BCAST = os.environ.get('BCAST', '1') == '1'
PORT = int(os.environ.get('PORT', '5001'))
CERTS = os.environ['CERT_DIR']

app = Flask(__name__)
socketio = SocketIO(app, cors_allowed_origins='*', ping_timeout=120, ping_interval=25,
                    async_mode='eventlet', always_connect=True, logger=False, engineio_logger=False)

BLACKLIST = set()
USER_TOKENS = {}
connected_users = {}   # username -> sid
sid_user = {}          # sid -> username


def toggle(*_):
    global BCAST
    BCAST = True
signal.signal(signal.SIGUSR2, toggle)


def check(token):
    if not token or token in BLACKLIST:
        return None
    try:
        return jwt.decode(token, SECRET, algorithms=['HS256'])['username']
    except Exception:
        return None


def announce(username, status):
    if BCAST:
        socketio.emit('user_status', {'username': username, 'status': status})
        n = len(connected_users)
        socketio.emit('connection_slots', {'current': n, 'max': MAX, 'available': MAX - n})


@app.route('/login-token', methods=['POST'])
def login_token():
    d = request.get_json(force=True)
    u = d['username']
    now = int(time.time())
    old = USER_TOKENS.get(u)
    if old:
        BLACKLIST.add(old)
    t = jwt.encode({'username': u, 'sub': u, 'iat': now, 'exp': now + 86400, 'jti': os.urandom(8).hex()}, SECRET, 'HS256')
    USER_TOKENS[u] = t
    return jsonify(token=t, user={'username': u})


@socketio.on('connect')
def on_connect(auth=None):
    if not auth or check(auth.get('token')) is None:
        return False


@socketio.on('register_user')
def register_user(data):
    u = check(data.get('token'))
    sid = request.sid
    if u is None or u != data.get('username'):
        emit('response', {'status': 'error', 'message': 'bad token'})
        return
    old = connected_users.get(u)
    if old is None and len(connected_users) >= MAX:
        emit('response', {'status': 'error', 'message': 'limit'})
        return
    if old is not None and old != sid:
        sid_user.pop(old, None)
        socketio.server.disconnect(old)
    connected_users[u] = sid
    sid_user[sid] = u
    emit('response', {'status': 'success', 'message': 'registered', 'username': u})
    announce(u, 'online')


@socketio.on('get_online_users')
def online(*_):
    users = list(connected_users)
    emit('online_users', {'users': users, 'count': len(users)})


@socketio.on('ping_manual')
def ping_manual(*_):
    emit('pong_manual', {'timestamp': int(time.time() * 1000)})


@socketio.on('disconnect')
def on_disconnect():
    u = sid_user.pop(request.sid, None)
    if u is not None:
        connected_users.pop(u, None)
        announce(u, 'offline')


if __name__ == '__main__':
    # max_size: eventlet takes no more than 1024 connections by itself.
    socketio.run(app, host='127.0.0.1', port=PORT, debug=False, log_output=False, max_size=1000000,
                 certfile=CERTS + '/cert.pem', keyfile=CERTS + '/key.pem')

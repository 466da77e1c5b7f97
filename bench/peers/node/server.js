'use strict';
// The seed's contract on the reference implementation, as lean as an expert would
// configure it. State is a map in memory; BCAST=0 tells nobody until SIGUSR2.
const https = require('https'), fs = require('fs');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const SECRET = process.env.JWT_SECRET_KEY || 'bench-secret-bench-secret-bench-secret';
const MAX = +(process.env.MAX_CONNECTIONS || 1000000);
let BCAST = (process.env.BCAST || '1') === '1';
const PORT = +(process.env.PORT || 5002);
process.on('SIGUSR2', () => { BCAST = true; });
const cert = process.env.CERT_DIR;

const blacklist = new Set(), userTokens = new Map(), users = new Map();
const check = (t) => {
  if (!t || blacklist.has(t)) return null;
  try { return jwt.verify(t, SECRET, { algorithms: ['HS256'] }).username; } catch { return null; }
};
const server = https.createServer({ key: fs.readFileSync(cert + '/key.pem'), cert: fs.readFileSync(cert + '/cert.pem') }, (req, res) => {
  if (req.method === 'POST' && req.url === '/login-token') {
    let b = '';
    req.on('data', (d) => { b += d; }).on('end', () => {
      const u = JSON.parse(b).username;
      const old = userTokens.get(u);
      if (old) blacklist.add(old);
      const token = jwt.sign({ username: u, sub: u, jti: Math.random().toString(36) }, SECRET, { expiresIn: 86400 });
      userTokens.set(u, token);
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ token, user: { username: u } }));
    });
    return;
  }
  res.statusCode = 404; res.end();
});
const io = new Server(server, {
  transports: ['websocket'], perMessageDeflate: false, httpCompression: false, serveClient: false,
  pingInterval: 25000, pingTimeout: 120000,
});
io.engine.on('connection', (raw) => { raw.request = null; });
const announce = (username, status) => {
  if (!BCAST) return;
  io.emit('user_status', { username, status });
  const current = users.size;
  io.emit('connection_slots', { current, max: MAX, available: MAX - current });
};
io.use((s, next) => (check(s.handshake.auth.token) === null ? next(new Error('unauthorized')) : next()));
io.on('connection', (s) => {
  s.on('register_user', (d) => {
    const u = check(d.token);
    if (u === null || u !== d.username) return s.emit('response', { status: 'error', message: 'bad token' });
    const old = users.get(u);
    if (!old && users.size >= MAX) return s.emit('response', { status: 'error', message: 'limit' });
    if (old && old !== s) { old.data.user = undefined; old.disconnect(true); }
    users.set(u, s); s.data.user = u;
    s.emit('response', { status: 'success', message: 'registered', username: u });
    announce(u, 'online');
  });
  s.on('get_online_users', () => s.emit('online_users', { users: [...users.keys()], count: users.size }));
  s.on('ping_manual', () => s.emit('pong_manual', { timestamp: Date.now() }));
  s.on('disconnect', () => {
    const u = s.data.user;
    if (u !== undefined && users.get(u) === s) { users.delete(u); announce(u, 'offline'); }
  });
});
server.listen({ port: PORT, host: '127.0.0.1', backlog: 4096 });

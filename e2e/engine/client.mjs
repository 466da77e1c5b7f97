// Drives the server of clients_test.go with an official client.
// Usage: node client.mjs URL PACKAGE TRANSPORTS
import assert from "node:assert/strict";

const [url, pkg, transports] = process.argv.slice(2);
const mod = await import(pkg);
const io = mod.io ?? mod.default.io ?? mod.default;
const options = {
  forceNew: true,
  reconnectionDelay: 20,
  reconnectionDelayMax: 50,
  ...(transports === "default" ? {} : { transports: [transports] }),
};

const once = (emitter, event, ms = 15000) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${ms} ms`)), ms);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
const ask = (socket, ...args) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ack of ${args[0]}`)), 15000);
    socket.emit(...args, (...answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
const open = async (path = "", extra = {}) => {
  const socket = io(url + path, { ...options, ...extra });
  await once(socket, "connect");
  return socket;
};
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

const scenarios = {
  async "connect, events and acks"() {
    const socket = await open();
    assert.deepEqual(await ask(socket, "echo", 1, "<ü&\u2028>", { a: [null, true] }), [1, "<ü&\u2028>", { a: [null, true] }]);
    const echoed = once(socket, "echoed");
    socket.emit("echo", "no ack");
    assert.deepEqual(await echoed, ["no ack"]);
    assert.deepEqual(await ask(socket, "inline", "x"), [1]);
    assert.equal((await ask(socket, "id"))[0], socket.id);
    socket.close();
  },

  async "the server asks"() {
    const socket = await open();
    socket.on("question", (n, bin, answer) => answer(n + bin.length, bin));
    const answered = once(socket, "answered");
    socket.emit("ask");
    const [n, bin] = await answered;
    assert.equal(n, 44);
    assert.deepEqual(Buffer.from(bin), Buffer.from([7, 8, 9]));
    socket.close();
  },

  async "binary, in order"() {
    const socket = await open();
    const [a, b] = [Buffer.from([1, 0, 255]), Buffer.alloc(3000, 7)];
    const answer = await ask(socket, "swap", a, b);
    assert.deepEqual(answer.map((x) => Buffer.from(x)), [b, a]);
    socket.close();
  },

  async "many events, in order, while upgrading"() {
    const socket = await open();
    const got = [];
    socket.on("n", (n) => got.push(n));
    for (let i = 0; i < 200; i++) socket.emit("count", i);
    const [total] = await ask(socket, "counted");
    assert.equal(total, 200);
    await ask(socket, "flood", 300);
    while (got.length < 300) await sleep(5);
    assert.deepEqual(got, Array.from({ length: 300 }, (_, i) => i));
    socket.close();
  },

  async "namespaces and refusals"() {
    const socket = await open();
    const admin = socket.io.socket("/admin", { auth: { token: "good" } });
    admin.connect();
    await once(admin, "connect");
    assert.deepEqual(await ask(admin, "where"), ["/admin"]);
    admin.disconnect();
    assert.deepEqual(await ask(socket, "echo", "alive"), ["alive"]);
    admin.connect();
    await once(admin, "connect");
    socket.close();
    admin.close();

    const refused = io(url + "/admin", options);
    const [err] = await once(refused, "connect_error");
    assert.equal(err.message, "who are you?");
    assert.deepEqual(err.data, { code: "invalid_token", retry: false });
    refused.on("connect", () => assert.fail("came back"));
    await sleep(200);
    assert.equal(refused.connected, false);
    refused.close();

    const unknown = io(url + "/random", options);
    const [why] = await once(unknown, "connect_error");
    assert.equal(why.message, "Invalid namespace");
    unknown.close();
  },

  async "comes back after a close"() {
    const socket = await open();
    const id = socket.id;
    const gone = once(socket, "disconnect");
    socket.emit("close me");
    const [reason] = await gone;
    // On polling the close comes with a status that says so, see engineio.Conn.Close.
    assert.match(reason, /^transport (close|error)$/);
    await once(socket, "connect");
    assert.notEqual(socket.id, id);
    assert.deepEqual(await ask(socket, "echo", "again"), ["again"]);
    socket.close();
  },

  async "comes back after a temporary refusal"() {
    const socket = io(url + "/later", { ...options, auth: { id: String(Math.random()) } });
    socket.on("connect_error", (e) => assert.ok(!e.data, "CONNECT_ERROR was sent"));
    await once(socket, "connect");
    socket.close();
  },

  async "does not come back after the end, whose last event it saw"() {
    const socket = await open();
    const seen = [];
    socket.onAny?.((name, ...args) => seen.push([name, ...args]));
    if (!socket.onAny) socket.on("session_ended", (...args) => seen.push(["session_ended", ...args]));
    const gone = once(socket, "disconnect");
    socket.emit("end me");
    const [reason] = await gone;
    assert.equal(reason, "io server disconnect");
    assert.deepEqual(seen.at(-1), ["session_ended", { code: "replaced", reconnect: false }]);
    socket.on("connect", () => assert.fail("came back"));
    socket.io.on("reconnect_attempt", () => assert.fail("tries to come back"));
    await sleep(300);
    assert.equal(socket.connected, false);
  },

  async "the end right after connecting, in the middle of an upgrade"() {
    for (let i = 0; i < 20; i++) {
      const socket = io(url + "/kick", { ...options, auth: { delay: i } });
      const last = once(socket, "session_ended");
      const gone = once(socket, "disconnect");
      await last;
      assert.deepEqual(await gone.then((a) => a[0]), "io server disconnect");
      socket.io.on("reconnect_attempt", () => assert.fail("tries to come back"));
    }
    await sleep(100);
  },

  async "stays through heartbeats, and upgrades"() {
    const socket = await open();
    socket.on("disconnect", (why) => assert.equal(why, "io client disconnect"));
    await sleep(1000); // several pings
    const [name] = await ask(socket, "transport");
    assert.equal(name, transports === "default" ? "websocket" : transports);
    socket.close();
  },

  async "leaving is told as such"() {
    const socket = await open();
    const other = await open();
    const left = once(other, "left");
    other.emit("watch", socket.id);
    await ask(other, "echo");
    socket.emit("echo", "the last event");
    socket.close();
    assert.deepEqual(await left, ["client disconnect"]);
    other.close();
  },
};

for (const [name, run] of Object.entries(scenarios)) {
  try {
    await run();
  } catch (e) {
    console.error(`FAIL ${name}: ${e.stack}`);
    process.exit(1);
  }
}
console.log(`${Object.keys(scenarios).length} scenarios`);
process.exit(0);

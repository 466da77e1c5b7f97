// What an official client does with the server of clients_test.go, in node and in
// a browser alike.

const text = (v) => JSON.stringify(v);
const assert = {
  ok: (v, why = "not so") => v || assert.fail(why),
  equal: (a, b) => assert.ok(Object.is(a, b), `${text(a)} is not ${text(b)}`),
  notEqual: (a, b) => assert.ok(!Object.is(a, b), `it is still ${text(a)}`),
  deepEqual: (a, b) => assert.equal(text(a), text(b)),
  match: (v, pattern) => assert.ok(pattern.test(v), `${text(v)} does not match ${pattern}`),
  fail(why) {
    throw new Error(why);
  },
};

// bytes are what came as a Buffer in node, as an ArrayBuffer in a browser.
const bytes = (x) => [...(x instanceof ArrayBuffer ? new Uint8Array(x) : x)];

// run runs every scenario and says how many there were.
export async function run(io, url, transports) {
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
      socket.on("question", (n, bin, answer) => answer(n + bytes(bin).length, bin));
      const answered = once(socket, "answered");
      socket.emit("ask");
      const [n, bin] = await answered;
      assert.equal(n, 44);
      assert.deepEqual(bytes(bin), [7, 8, 9]);
      socket.close();
    },

    async "binary, in order"() {
      const socket = await open();
      const [a, b] = [Uint8Array.of(1, 0, 255), new Uint8Array(3000).fill(7)];
      const answer = await ask(socket, "swap", a, b);
      assert.deepEqual(answer.map(bytes), [bytes(b), bytes(a)]);
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
      assert.deepEqual((await ask(socket, "swap", Uint8Array.of(1), Uint8Array.of(2))).map(bytes), [[2], [1]]);
      socket.on("question", (n, bin, answer) => answer(n, bin));
      const answered = once(socket, "answered");
      socket.emit("ask");
      assert.deepEqual(bytes((await answered)[1]), [7, 8, 9]);
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
      assert.deepEqual(await left, ["client namespace disconnect"]);
      other.close();
    },
  };

  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await scenario();
    } catch (e) {
      throw new Error(`${name}: ${e.stack}`);
    }
  }
  return `${Object.keys(scenarios).length} scenarios`;
}

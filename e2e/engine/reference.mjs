// What the official client's own tests ask of a server, against the server of
// reference_test.go.
// Usage: node reference.mjs URL TRANSPORTS
import assert from "node:assert/strict";
import { io, Manager } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const options = { forceNew: true, reconnectionDelay: 10, ...(transports === "default" ? {} : { transports: [transports] }) };

// once waits for an event and returns its arguments.
const once = (emitter, event) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), 15000);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
const open = async (path = "", more = {}) => {
  const socket = io(url + path, { ...options, ...more });
  await once(socket, "connect");
  return socket;
};
// tell emits an event and waits for another.
const tell = (socket, answer, ...args) => {
  const got = once(socket, answer);
  socket.emit(...args);
  return got;
};

const scenarios = {
  async "ids, and acknowledgements both ways"() {
    for (const path of ["/", "/foo"]) {
      const socket = await open(path);
      assert.equal(await socket.emitWithAck("getId"), socket.id);
      assert.notEqual(socket.id, socket.io.engine.id);
      socket.disconnect();
      assert.ok(!socket.id);
    }
    const socket = await open();
    socket.on("ack", (answer) => answer(5, { test: true }));
    await tell(socket, "got it", "ack");
    assert.equal(await socket.emitWithAck("echo", 123), 123);
    socket.disconnect();
  },

  async "an answer that does not come keeps nothing from being asked"() {
    const socket = io(url, { ...options, retries: 3, ackTimeout: 50 });
    let count = 0;
    socket.on("ack", () => count++);
    const err = await new Promise((resolve) => socket.emit("ack", resolve));
    assert.ok(err instanceof Error);
    assert.equal(count, 4);
    socket.disconnect();
  },

  async "values of every kind"() {
    const socket = await open();
    assert.equal(typeof (await socket.emitWithAck("getAckDate", { test: true })), "string");
    assert.equal(typeof (await tell(socket, "takeDate", "getDate"))[0], "string");
    assert.equal(typeof (await tell(socket, "takeDateObj", "getDateObj"))[0].date, "string");
    assert.deepEqual((await tell(socket, "takeUtf8", "getUtf8")).slice(0, -1), ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string"]);
    assert.equal((await tell(socket, "false", "false"))[0], false);
    socket.disconnect();
  },

  async "binary, and what looks like it"() {
    const socket = await open();
    const [doge] = await tell(socket, "doge", "doge");
    assert.equal(Buffer.from(doge).toString(), "asdfasdf");
    const [bin] = await tell(socket, "takebin", "getbin");
    assert.equal(Buffer.from(bin.deep[0]).toString(), "asdfasdf");
    await tell(socket, "buffack", "buffa", Uint8Array.of(1, 2).buffer);
    await tell(socket, "jsonbuff-ack", "jsonbuff", { hello: "lol", message: Uint8Array.of(1, 2), goodbye: "gotcha" });
    await tell(socket, "textack", "text", "AQID");
    await tell(socket, "textack", "text", { _placeholder: true, num: 0 });
    const back = await socket.emitWithAck("echo", { a: [Buffer.from("x"), "AQID"], b: { c: Buffer.alloc(0) } });
    assert.ok(Buffer.isBuffer(back.a[0]) && Buffer.isBuffer(back.b.c));
    assert.deepEqual([back.a[0].toString(), back.a[1], back.b.c.length], ["x", "AQID", 0]);
    assert.deepEqual(await socket.emitWithAck("echo", { _placeholder: true, num: 0 }), { _placeholder: true, num: 0 });
    socket.disconnect();
  },

  async "as deep as it goes"() {
    const socket = await open();
    let deep = Buffer.from("x");
    let plain = null;
    for (let i = 0; i < 32; i++) [deep, plain] = [[deep], i ? { plain } : {}];
    assert.deepEqual(await socket.emitWithAck("echo", deep), deep);
    assert.deepEqual(await socket.emitWithAck("echo", plain), plain);
    socket.disconnect();
  },

  async "the handshake"() {
    let socket = await open("/?c=d", { query: undefined });
    assert.equal((await socket.emitWithAck("getHandshake")).query.c, "d");
    socket.disconnect();
    socket = io(url + "/abc", { ...options, query: { "&a": "&=?a" }, auth: (cb) => cb({ e: "f" }), extraHeaders: { "x-custom": "1" } });
    const [handshake] = await once(socket, "handshake");
    assert.equal(handshake.query["&a"], "&=?a");
    assert.equal(handshake.query.e, undefined);
    assert.equal(handshake.auth.e, "f");
    assert.equal(handshake.headers["x-custom"], "1");
    socket.disconnect();
  },

  async "refusals"() {
    for (const [path, message] of [
      ["/no", "Auth failed (custom namespace)"],
      ["/?fail=1", "Auth failed (main namespace)"],
      ["/nowhere", "Invalid namespace"],
    ]) {
      const socket = io(url + path, { ...options }); // which the client changes
      const [err] = await once(socket, "connect_error");
      assert.equal(err.message, message);
      let again = 0;
      socket.on("connect_error", () => again++);
      socket.io.engine.close();
      await new Promise((r) => setTimeout(r, 100));
      assert.equal(again, 0);
      socket.disconnect();
    }
  },

  async "coming and going"() {
    const socket = await open();
    const before = socket.id;
    socket.io.engine.close();
    await once(socket, "connect");
    assert.notEqual(socket.id, before);
    for (let i = 0; i < 20; i++) {
      socket.disconnect().connect();
      await once(socket, "connect");
    }
    const [reason] = await tell(socket, "disconnect", "kick");
    assert.equal(reason, "io server disconnect");
    const kept = socket.emitWithAck("echo", "kept until then");
    socket.connect();
    assert.equal(await kept, "kept until then");
    socket.disconnect();
  },

  async "going on where the connection was lost"() {
    const socket = await open();
    assert.equal(socket.recovered, false);
    const id = socket.id;
    await tell(socket, "hi", "hi"); // the offset
    socket.io.engine.close();
    await once(socket, "connect");
    assert.equal(socket.id, id);
    assert.equal(socket.recovered, true);
    assert.equal(await socket.emitWithAck("echo", "again"), "again");
    socket.disconnect();
  },

  async "several namespaces of one connection"() {
    const manager = new Manager(url, options);
    const [one, two] = [manager.socket("/"), manager.socket("/asd")];
    await Promise.all([once(one, "connect"), once(two, "connect")]);
    two.on("disconnect", () => assert.fail("not this one"));
    one.disconnect();
    const foo = manager.socket("/foo");
    await once(foo, "connect");
    assert.equal(await foo.emitWithAck("getId"), foo.id);
    two.off("disconnect");
    const closed = once(manager, "close");
    two.disconnect();
    foo.disconnect();
    await closed;
  },

  async "order, time-outs and volatile events"() {
    const socket = io(url, { ...options, autoConnect: false });
    const got = [];
    socket.volatile.emit("echo", "volatile", (v) => got.push(v));
    socket.emit("echo", "first", (v) => got.push(v));
    socket.on("connect", () => socket.emit("echo", "second", (v) => got.push(v)));
    socket.connect();
    await once(socket, "connect");
    await assert.rejects(socket.timeout(50).emitWithAck("unknown"));
    assert.equal(await socket.timeout(5000).emitWithAck("echo", 42), 42);
    assert.deepEqual(got, ["first", "second"]);
    socket.disconnect();
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    await scenario();
  } catch (e) {
    console.error(`${name}: ${e.stack}`);
    process.exit(1);
  }
}
console.log(`${Object.keys(scenarios).length} scenarios`);
process.exit(0);

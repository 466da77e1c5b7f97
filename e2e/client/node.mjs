// One official client as an application would use it. It logs in, connects,
// registers after each connect, and prints everything it hears as JSON lines.
//
//   node node.mjs PACKAGE URL TRANSPORT MODE USERNAME PASSWORD [TOKEN [HOW]]
//
// MODE stay: goes on until nothing is left to do, which is after a final end.
// MODE once: leaves after the answer to register_user.
// HOW the token is shown: auth (as it should be), header or query.
import { createRequire } from "node:module";

const [pkg, url, transport, mode, username, password, given, how = "auth"] = process.argv.slice(2);
const { io } = createRequire(import.meta.url)(pkg);
const say = (line) => console.log(JSON.stringify(line));

async function login() {
  const res = await fetch(`${url}/login-token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const body = await res.json();
  say({ what: "login", status: res.status, user: body.user });
  return body.token;
}

const token = given || (await login());
const { origin, pathname } = new URL(url);
const socket = io(origin, {
  path: `${pathname.replace(/\/$/, "")}/socket.io`,
  auth: how === "auth" ? { token, lang: "en" } : { lang: "en" },
  extraHeaders: how === "header" ? { Authorization: `Bearer ${token}` } : {},
  query: how === "query" ? { token } : {},
  transports: { websocket: ["websocket"], polling: ["polling"], default: ["polling", "websocket"] }[transport],
  reconnectionDelay: 100,
  reconnectionDelayMax: 300,
});

for (const name of ["response", "connection_slots", "online_users", "presence_sync", "user_status", "session_ended", "connection_ended"]) {
  socket.on(name, (data) => say({ what: name, data }));
}
socket.on("connect", () => {
  say({ what: "connect", id: socket.id });
  socket.emit("register_user", { token, username }, (data) => {
    say({ what: "ack", data });
    if (mode === "once") socket.disconnect();
  });
});
socket.on("disconnect", (reason) => say({ what: "disconnect", reason }));
socket.on("connect_error", (err) => {
  say({ what: "connect_error", message: err.message, data: err.data });
  // Before 4.8 the client left this to the application.
  if (err.data && pkg !== "socket.io-client") socket.disconnect();
});

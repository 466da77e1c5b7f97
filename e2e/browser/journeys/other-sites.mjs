// Other sites make the browser of someone who is logged in send everything that a
// page can send, at the connection of its victim.
import assert from 'node:assert/strict';

/**
 * Runs inside a page: sends one request, and returns when it was sent. Without a
 * way it tells which there are.
 */
async function send({ way, url = '', here }) {
  const socket = url.replace('transport=polling', 'transport=websocket');
  const ws = () => socket.replace(/^http/, 'ws');
  const settled = (promise) => promise.catch(() => {});
  const post = (more) => settled(fetch(url, { method: 'POST', body: '40', credentials: 'include', ...more }));
  const form = (change) => {
    const f = Object.assign(document.createElement('form'), { method: 'POST', action: url, target: `t${Math.random()}` });
    f.append(Object.assign(document.createElement('input'), { name: '40', value: '' }));
    const frame = Object.assign(document.createElement('iframe'), { name: f.target });
    change(f);
    document.body.append(f, frame);
    f.submit();
  };
  const open = (make) => new Promise((resolve) => {
    const s = make();
    s.onerror = s.onclose = s.onopen = resolve;
  });
  const element = (name, change) => document.body.append(Object.assign(document.createElement(name), change));
  const worker = (source) => new Promise((resolve) => {
    const w = new Worker(URL.createObjectURL(new Blob([source])));
    w.onmessage = w.onerror = resolve;
  });
  const ways = {
    'fetch POST': () => post(),
    'fetch POST no-cors': () => post({ mode: 'no-cors' }),
    'fetch POST no-referrer': () => post({ mode: 'no-cors', referrerPolicy: 'no-referrer' }),
    'fetch POST keepalive': () => post({ mode: 'no-cors', keepalive: true }),
    'fetch POST same-origin': () => post({ mode: 'no-cors', referrerPolicy: 'same-origin', cache: 'reload' }),
    'fetch POST redirected': () => settled(fetch(`${here}?to=${encodeURIComponent(url)}`, { method: 'POST', body: '40', mode: 'no-cors', credentials: 'include' })),
    'fetch GET no-cors': () => settled(fetch(url, { mode: 'no-cors', credentials: 'include' })),
    'fetch GET': () => settled(fetch(url, { credentials: 'include' })),
    'XMLHttpRequest POST': () => new Promise((resolve) => {
      const x = new XMLHttpRequest();
      x.open('POST', url);
      x.withCredentials = true;
      x.onloadend = resolve;
      x.send('40');
    }),
    'beacon': () => navigator.sendBeacon(url, '40'),
    'form': () => form(() => {}),
    'form text': () => form((f) => (f.enctype = 'text/plain')),
    'form multipart': () => form((f) => (f.enctype = 'multipart/form-data')),
    'form noreferrer': () => form((f) => Object.assign(f, { rel: 'noreferrer', enctype: 'text/plain' })),
    'form redirected': () => form((f) => (f.action = `${here}?to=${encodeURIComponent(url)}`)),
    'form GET': () => form((f) => {
      f.method = 'GET'; // its fields become the query
      f.replaceChildren(...Array.from(new URL(url).searchParams, ([name, value]) => Object.assign(document.createElement('input'), { name, value })));
    }),
    'ping': () => {
      const a = Object.assign(document.createElement('a'), { href: '#', ping: url });
      document.body.append(a);
      a.click();
    },
    'WebSocket': () => open(() => new WebSocket(ws())),
    'WebSocket in a worker': () => worker(`const s = new WebSocket(${JSON.stringify(ws())}); s.onerror = s.onopen = () => postMessage(1)`),
    'fetch POST in a worker': () => worker(`fetch(${JSON.stringify(url)}, { method: 'POST', body: '40', mode: 'no-cors', credentials: 'include' }).finally(() => postMessage(1))`),
    'EventSource': () => open(() => new EventSource(url, { withCredentials: true })),
    'img': () => element('img', { src: url }),
    'script': () => element('script', { src: url }),
    'prefetch': () => element('link', { rel: 'prefetch', href: url }),
    'iframe': () => element('iframe', { src: url }),
    'report': () => element('iframe', { src: `${here}?report=${encodeURIComponent(url)}` }),
  };
  if (!way) return Object.keys(ways);
  await ways[way]();
}

/** The places that a request can come from. */
async function places(visitor, { secure, plain }) {
  const at = async (url) => {
    const page = await visitor.context.newPage(); // these break policies, which is not reported
    await page.goto(url);
    return page.mainFrame();
  };
  const child = async (parent, attributes) => {
    const handle = await parent.evaluateHandle((attributes) => {
      const frame = document.createElement('iframe');
      for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
      document.body.append(frame);
      return new Promise((resolve) => { frame.onload = () => resolve(frame); });
    }, attributes);
    return handle.asElement().contentFrame();
  };
  const blank = '<!doctype html><body>';
  const same = await at(secure);
  const sandbox = 'allow-scripts allow-forms allow-popups';
  return {
    'same site': [same, secure],
    'cross site': [await at(secure.replace('127.0.0.1', 'localhost')), secure.replace('127.0.0.1', 'localhost')],
    'plain HTTP': [await at(plain), plain],
    'sandbox': [await child(await at(secure), { sandbox, srcdoc: blank }), secure],
    'data URL': [await child(await at(secure), { src: `data:text/html,${blank}` }), secure],
    'srcdoc': [await child(await at(secure), { srcdoc: blank, referrerpolicy: 'no-referrer' }), secure],
  };
}

export default async function (world) {
  const { target, sid, cookie, secure, plain } = world.attack;
  const visitor = await world.visitor();
  await visitor.context.addCookies([
    { name: '__Host-turnike', value: cookie, url: target, secure: true, httpOnly: true, sameSite: 'Lax' },
  ]);
  const from = await places(visitor, { secure, plain });
  const ways = await visitor.page.evaluate(send, {});
  const sent = [];
  const arrivals = async () =>
    (await (await visitor.context.request.get(`${target}/seen`)).json()).map(({ page, way }) => `${page}: ${way}`);
  const arrival = async (name) => {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline && !(await arrivals()).includes(name); ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  for (const [page, [frame, here]] of Object.entries(from)) {
    for (const way of ways) {
      const url = `${target}/socket.io/?EIO=4&transport=polling&sid=${sid}&page=${encodeURIComponent(page)}&way=${encodeURIComponent(way)}`;
      const arrived = await frame.evaluate(send, { way, url, here }).then(() => true, () => false);
      if (!arrived) continue;
      sent.push(`${page}: ${way}`);
      if (/form/.test(way)) await arrival(`${page}: ${way}`); // the frame's next navigation would cancel this one
    }
  }
  // Some arrive later than the page thinks, and some never: a browser forbids them.
  const must = sent.filter((name) => /POST|form|WebSocket|beacon/.test(name) && !/^(plain HTTP|cross site)/.test(name));
  let seen = [];
  for (const deadline = Date.now() + 30_000; ; ) {
    seen = await arrivals();
    const missing = must.filter((name) => !seen.includes(name));
    if (missing.length === 0) break;
    assert.ok(Date.now() < deadline, `never arrived: ${missing.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  world.log(`sent ${sent.length}, arrived ${seen.length}: ${[...new Set(seen)].join('; ')}`);
}

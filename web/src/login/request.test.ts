import { describe, expect, test } from 'vitest';
import { login, type Refusal } from './request';

const who = { username: 'demo1', password: 'p' };
const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): typeof fetch =>
  async () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

describe('login', () => {
  test('sends exactly the contract', async () => {
    let sent: unknown;
    const send: typeof fetch = async (_, init) => {
      if (init?.body) sent = JSON.parse(String(init.body));
      return new Response('{}');
    };
    expect(await login(who, undefined, send)).toBe('in');
    expect(sent).toEqual({ username: 'demo1', password: 'p' });
    await login(who, { ticket: 't', session: 's' }, send);
    expect(sent).toEqual({ username: 'demo1', password: 'p', takeover: { ticket: 't', session: 's' } });
  });

  test.each([
    [401, { code: 'invalid_credentials' }, {}, { code: 'invalid_credentials' }],
    [429, { code: 'rate_limited', retry_after: 30 }, { 'Retry-After': '31' }, { retryAfter: 30 }],
    [503, { code: 'login_busy' }, { 'Retry-After': '2' }, { retryAfter: 2 }],
    [409, { code: 'seat_limit', max: 3, used: 3 }, {}, { max: 3, used: 3 }],
    [409, { code: 'takeover_required', cause: 'war_breaker', ticket: 'x' }, {}, { cause: 'war_breaker', ticket: 'x' }],
    [500, '<html>', {}, { code: 'internal' }],
    [502, '<html>', {}, { code: 'unreachable' }],
    [418, { code: 'teapot', detail: 'no' }, {}, { code: 'teapot', message: 'no' }],
  ])('%i %j', async (status, body, headers, want) => {
    expect((await login(who, undefined, answer(status, body, headers as Record<string, string>))) as Refusal).toMatchObject(want);
  });

  test.each([
    [200, {}, 'in', 2],
    [401, { code: 'unauthorized' }, 'forgotten', 3],
    [401, { code: 'replaced' }, 'in', 2], // the cookie was there: somebody else was quicker
  ])('a login whose cookie is answered with %i %j is %s', async (status, body, want, requests) => {
    const sent: [unknown, RequestInit | undefined][] = [];
    const send: typeof fetch = async (to, init) => {
      sent.push([to, init]);
      if (to === 'socket') return new Response(JSON.stringify(body), { status });
      return new Response(JSON.stringify({ token: 'secret' }));
    };
    expect(await login(who, undefined, send)).toBe(want);
    expect(sent).toHaveLength(requests);
    if (want !== 'forgotten') return;
    expect(sent[2]).toMatchObject(['logout', { method: 'POST', credentials: 'omit', headers: { Authorization: 'Bearer secret' } }]);
  });

  test('no network', async () => {
    expect(await login(who, undefined, () => Promise.reject(new TypeError('offline')))).toBe('unreachable');
  });
});

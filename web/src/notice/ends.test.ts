import { describe, expect, test } from 'vitest';
import tr from '../../copy/tr.json';
import { connectionOnly } from '../live/protocol';
import { actText, tellings } from './ends';

const sessionEnds = `replaced ended_by_admin expired idle account_disabled logged_out password_changed role_changed
  invalid_token rotated`.split(/\s+/);

describe('notices', () => {
  test.each([...sessionEnds, ...connectionOnly])('%s has a notice whose words exist', (code) => {
    const telling = tellings[code]!;
    expect(telling).toBeDefined();
    const keys = [telling.title, telling.body, ...telling.acts.map((act) => actText[act])];
    if (telling.now) keys.push(telling.now);
    for (const key of keys) expect(tr).toHaveProperty([key]);
    expect(telling.acts.length).toBeGreaterThan(0);
  });

  test('red is for ended sessions only [UI f.2]', () => {
    for (const code of connectionOnly) expect(tellings[code]!.arm, code).not.toBe('ended');
  });

  test('whoever cannot log in again is not told to', () => {
    expect(tellings.account_disabled!.acts).not.toContain('again');
  });
});

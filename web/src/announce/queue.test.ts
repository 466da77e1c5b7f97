import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AnnouncementQueue } from './queue';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function listen() {
  const said: string[] = [];
  const queue = new AnnouncementQueue((how, text) => said.push(`${how}: ${text}`), (n) => `${n} changes`);
  return { said, queue };
}

describe('AnnouncementQueue', () => {
  test('100 events a second for 10 seconds are at most three sentences', () => {
    const { said, queue } = listen();
    for (let i = 0; i < 1000; i++) {
      queue.change(() => `u${i}`);
      vi.advanceTimersByTime(10);
    }
    expect(said.length).toBeLessThanOrEqual(3);
    expect(said.length).toBeGreaterThan(0);
  });

  test('one change is a sentence, several a count', () => {
    const { said, queue } = listen();
    queue.change(() => 'ayşe came in');
    vi.advanceTimersByTime(200);
    queue.change(() => 'a');
    queue.change(() => 'b');
    vi.advanceTimersByTime(5000);
    expect(said).toEqual(['polite: ayşe came in', 'polite: 2 changes']);
  });

  test('the newest polite sentence wins; changes wait behind it', () => {
    const { said, queue } = listen();
    queue.polite('one');
    queue.polite('two');
    queue.change(() => 'x came in');
    vi.advanceTimersByTime(200);
    expect(said).toEqual(['polite: two']);
    vi.advanceTimersByTime(5000);
    expect(said).toEqual(['polite: two', 'polite: x came in']);
  });

  test('an assertive sentence goes out at once, once, and drops what waited', () => {
    const { said, queue } = listen();
    queue.polite('waiting');
    queue.assertive('ended');
    vi.advanceTimersByTime(20000);
    expect(said).toEqual(['assertive: ended']);
  });
});

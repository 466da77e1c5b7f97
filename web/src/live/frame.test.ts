import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Frame } from './frame';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('one draw a frame, each at most ten times a second [UI-2]', () => {
  const drawn: string[] = [];
  const frame = new Frame([() => drawn.push('a'), () => drawn.push('b')]);
  frame.want();
  vi.advanceTimersByTime(16);
  expect(drawn).toEqual(['a']);
  frame.want(); // between two draws: the next round shows it
  vi.advanceTimersByTime(16);
  expect(drawn).toEqual(['a', 'b']);
  vi.advanceTimersByTime(200);
  expect(drawn).toEqual(['a', 'b', 'a', 'b']);
  for (let i = 0; i < 100; i++) {
    frame.want();
    vi.advanceTimersByTime(10);
  }
  expect(drawn.length).toBeLessThanOrEqual(4 + 2 * 11);
  vi.advanceTimersByTime(1000);
  const before = drawn.length;
  vi.advanceTimersByTime(1000);
  expect(drawn).toHaveLength(before);
  frame.stop();
});

import { expect, test } from 'vitest';
import { Latency } from './window';

test('last, median and highest of five minutes', () => {
  const latency = new Latency();
  expect(latency.figures()).toBeNull();
  latency.add(0, 900);
  latency.add(1000, 10);
  latency.add(2000, 30);
  expect(latency.figures()).toEqual({ last: 30, median: 30, max: 900 });
  latency.add(Latency.span + 1, 20);
  expect(latency.figures()).toEqual({ last: 20, median: 20, max: 30 });
  latency.clear();
  expect(latency.figures()).toBeNull();
});

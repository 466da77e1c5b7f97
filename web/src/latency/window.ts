/** Round trips of the last five minutes; one sample is [epoch ms, ms]. */
export class Latency {
  static readonly span = 5 * 60 * 1000;
  #samples: [at: number, ms: number][] = [];

  add(at: number, ms: number): void {
    this.#samples.push([at, ms]);
    this.#forget(at);
  }

  #forget(now: number): void {
    const first = this.#samples.findIndex(([at]) => at >= now - Latency.span);
    if (first > 0) this.#samples.splice(0, first);
  }

  get samples(): readonly [number, number][] {
    return this.#samples;
  }

  /** Last, median and highest, null while nothing was measured. */
  figures(): { last: number; median: number; max: number } | null {
    const last = this.#samples.at(-1);
    if (!last) return null;
    const sorted = this.#samples.map(([, ms]) => ms).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    return { last: last[1], median, max: sorted.at(-1)! };
  }

  clear(): void {
    this.#samples = [];
  }
}

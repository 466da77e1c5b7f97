/**
 * Which tile is whose: a user keeps its place until it leaves, a newcomer takes
 * the first free one. The server numbers no seats, so neither do we (UI-1).
 */
export class Places {
  #places: (string | null)[] = [];

  /** Seats the names on at least n places; grows while more are inside. */
  seat(names: readonly string[], n: number): readonly (string | null)[] {
    const here = new Set(names);
    const kept = this.#places.map((name) => (name !== null && here.delete(name) ? name : null));
    const newcomers = names.filter((name) => here.has(name));
    for (let i = 0; newcomers.length > 0; i++) {
      if (i >= kept.length) kept.push(null);
      if (kept[i] === null) kept[i] = newcomers.shift()!;
    }
    while (kept.length < n) kept.push(null);
    this.#shrink(kept, n);
    this.#places = kept;
    return kept;
  }

  /** After a limit went down: those beyond it move into places left free. */
  #shrink(kept: (string | null)[], n: number): void {
    while (kept.length > n) {
      const last = kept.pop()!;
      if (last === null) continue;
      const free = kept.indexOf(null);
      if (free < 0) {
        kept.push(last);
        return;
      }
      kept[free] = last;
    }
  }
}

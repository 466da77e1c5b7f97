/** The time of the page, a second at a time; countdowns and ages read it. */
export class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;

  /** tick runs after every step, for what must happen without being drawn. */
  start(tick?: () => void): void {
    this.stop();
    this.#timer = setInterval(() => {
      this.now = Date.now();
      tick?.();
    }, 1000);
  }

  /** Brings the time up to date between two seconds. */
  set(): void {
    this.now = Date.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

import type { Face } from '../roster/roster';
import type { Slots } from '../roster/wire';

/** How the seats are drawn (UI-1). */
export type Form = 'tiles' | 'dots' | 'bar' | 'line';

/** What the pool shows of its users (P5). */
export type Visibility = 'names' | 'count' | 'none';

export interface Picture {
  form: Form;
  max: number;
  used: number;
  free: number;
  /** Seats beyond the limit, after it was lowered (S8). */
  over: number;
  /** The viewer holds a seat: 1 or 0. */
  you: number;
  /** Held by others, with or without a name. */
  held: number;
  reconnecting: number;
  /** Held seats nobody's name is known for. */
  unnamed: number;
}

/** The form for a number of seats; on a narrow page dots end earlier. */
export function formFor(seats: number, narrow: boolean, visibility: Visibility): Form {
  if (visibility === 'none') return 'line';
  if (seats <= 12 && visibility === 'names') return 'tiles';
  return seats <= (narrow ? 200 : 400) ? 'dots' : 'bar';
}

/**
 * The figures of the seat picture. The count wins over the faces: where they
 * disagree the remainder is held without a name (UI-1).
 */
export function picture(slots: Slots, faces: readonly Face[], self: string | null, narrow: boolean, visibility: Visibility): Picture {
  const { max, used } = slots;
  const shown = faces.slice(0, used);
  const you = self !== null && shown.some((f) => f.name === self && f.state === 'online') ? 1 : 0;
  const reconnecting = shown.filter((f) => f.state === 'reconnecting').length;
  return {
    form: formFor(Math.max(max, used), narrow, visibility),
    max,
    used,
    free: Math.max(0, max - used),
    over: Math.max(0, used - max),
    you,
    reconnecting,
    held: used - you - reconnecting,
    unnamed: used - shown.length,
  };
}

/** Lengths along the bar, in parts of width; a part above zero stays visible. */
export function bar(picture: Picture, width: number): { held: number; reconnecting: number; limit: number } {
  const whole = Math.max(picture.max, picture.used, 1);
  const least = (n: number) => (n > 0 ? Math.max(2, (n / whole) * width) : 0);
  const reconnecting = least(picture.reconnecting);
  const held = Math.min(least(picture.held + picture.you), width - reconnecting);
  return { held, reconnecting, limit: (picture.max / whole) * width };
}

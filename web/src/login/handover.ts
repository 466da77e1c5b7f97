/**
 * What the console tells the login page when it sends somebody there: that they
 * logged out, or their name. Read once, then gone. Never a credential (SEC-17).
 */
export interface Handover {
  loggedOut?: boolean;
  name?: string;
}

const key = 'turnike.handover';

export function leave(handover: Handover): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(handover));
  } catch {
    // Without storage the page greets a stranger; nothing is lost.
  }
}

export function take(): Handover {
  try {
    const written = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return written ? (JSON.parse(written) as Handover) : {};
  } catch {
    return {};
  }
}

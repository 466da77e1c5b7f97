import { leave, type Handover } from '../login/handover';

/** Goes to the login page and tells it why. */
export function toLogin(handover: Handover): void {
  leave(handover);
  location.assign('./');
}

/** Ends the session; false when the server could not be reached. */
export async function logout(): Promise<boolean> {
  try {
    const response = await fetch('logout', { method: 'POST', credentials: 'same-origin' });
    // 401: it was over already, which is what was asked for.
    return response.ok || response.status === 401;
  } catch {
    return false;
  }
}

/** Which rows of a list of fixed row height are drawn. */
export interface Window {
  start: number;
  end: number;
}

/** The rows in view and a few around them, so that scrolling never shows a hole. */
export function rowsInView(scrollTop: number, height: number, row: number, total: number, around = 8): Window {
  const start = Math.max(0, Math.floor(scrollTop / row) - around);
  const end = Math.min(total, Math.ceil((scrollTop + height) / row) + around);
  return { start: Math.min(start, end), end };
}

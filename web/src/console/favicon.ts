import type { Status } from '../live/status';

const dots: Partial<Record<Status, string>> = { reconnecting: '#d69a35', offline: '#d69a35', ended: '#ff9c90' };

/** The icon in the tab: the mark, with a dot while something is wrong. */
export function icon(status: Status): string {
  const dot = dots[status];
  if (!dot) return './assets/favicon.svg';
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="3.6" stroke-linecap="round">' +
    '<rect width="32" height="32" rx="7" fill="#15201c"/><g transform="translate(4 4)">' +
    '<path stroke="#fff" d="M12 10.5V21M12 9.5H3"/><path stroke="#56d3b6" d="M12 9.5 20.2 4"/></g>' +
    `<circle cx="25.5" cy="6.5" r="5.5" fill="${dot}" stroke="#15201c" stroke-width="2"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function setIcon(status: Status): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = icon(status);
  if (link && link.getAttribute('href') !== href) link.href = href;
}

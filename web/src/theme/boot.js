// Runs before the first paint, so that a chosen look never flashes (UI-7).
// A file of its own because the CSP allows no inline script (SEC-33).
(() => {
  try {
    const theme = localStorage.getItem('turnike.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be switched off: the system's look it is.
  }
})();

// Sets the colour scheme before the first paint. A file of its own, because the page's policy allows no inline script.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('frameos.scheme');
  } catch (_) {
    // Storage may be switched off; the system's scheme will do.
  }
  var isDark =
    chosen === 'dark' || (chosen !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');
})();

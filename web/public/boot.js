// What comes before the first paint, and the scripts after it. A file of its own, because the page's policy allows no inline script.
(function () {
  // The colour scheme.
  var chosen = null;
  try {
    chosen = localStorage.getItem('frameos.scheme');
  } catch (_) {
    // Storage may be switched off; the system's scheme will do.
  }
  var isDark =
    chosen === 'dark' || (chosen !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');

  // A browser that has the scripts runs them before it paints, which takes a slow one most of a second: what the server
  // sent to read is painted first. A page in the background paints nothing, so it waits no longer than a while.
  var entry = document.currentScript.getAttribute('data-entry');
  if (!entry) return;
  var isStarted = false;
  function start() {
    if (isStarted) return;
    isStarted = true;
    var script = document.createElement('script');
    script.type = 'module';
    script.crossOrigin = '';
    script.src = entry;
    document.head.append(script);
  }
  requestAnimationFrame(function () {
    setTimeout(start);
  });
  setTimeout(start, 1000);
})();

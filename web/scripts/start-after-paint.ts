/** Leaves the start of the entry to `public/boot.js`, which starts it after the first paint. */
import type { Plugin } from 'vite';

const SCRIPT = /<script type="module" crossorigin src="([^"]+)"><\/script>/;
const BOOT = '<script src="/boot.js">';

export function startAfterPaint(): Plugin {
  return {
    name: 'start-after-paint',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const entry = SCRIPT.exec(html)?.[1];
        if (!entry || !html.includes(BOOT)) throw new Error('the page is not as it was: nothing would start it');
        return html
          .replace(SCRIPT, `<link rel="modulepreload" crossorigin href="${entry}">`)
          .replace(BOOT, `<script src="/boot.js" data-entry="${entry}">`);
      },
    },
  };
}

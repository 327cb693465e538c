// Serves `dist/` as the server does: the same policy, a nonce per page, and the API of a running server behind it.
//   FRAMEOS_URL=http://127.0.0.1:8080 PORT=4173 node scripts/preview.mjs
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { randomBytes } from 'node:crypto';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const UI =
  /^\/($|explore$|a\/[^/]+$|runs(\/|$)|shared\/|dashboard(\/|$)|studio(\/|$)|console(\/|$)|sign-in$|sign-up$|verify-email$|reset-password$|forgot-password$)/;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

const policy = (nonce) =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; font-src 'self'; ` +
  `connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'`;

/** Starts it; resolves to its address and a function that stops it. */
export async function preview(server, port = 0) {
  const target = new URL(server);
  const packed = new Map();
  const http = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://x');
    const wantsPage = incoming.method === 'GET' && (incoming.headers.accept ?? '').includes('text/html');
    if (UI.test(pathname) && (pathname !== '/' || wantsPage)) return page(outgoing, pathname);
    const file = normalize(join(DIST, pathname));
    if (file.startsWith(DIST) && !pathname.startsWith('/.') && existsSync(file) && statSync(file).isFile()) {
      return asset(incoming, outgoing, file, packed);
    }
    pass(target, incoming, outgoing);
  });
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  return { url, close: () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve))) };
}

function page(outgoing, pathname) {
  const nonce = randomBytes(16).toString('base64');
  const pages = JSON.parse(readFileSync(join(DIST, '.vite/pages.json'), 'utf8'));
  const { links = '' } = pages[pathname.startsWith('/a/') ? '/a/{slug}' : pathname] ?? {};
  const html = readFileSync(join(DIST, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce).replace('<!--head-->', links);
  outgoing.writeHead(200, {
    'content-type': TYPES['.html'],
    'content-security-policy': policy(nonce),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
  outgoing.end(html);
}

function asset(incoming, outgoing, file, packed) {
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': file.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  if (!/\bbr\b/.test(incoming.headers['accept-encoding'] ?? '') || file.endsWith('.woff2')) {
    outgoing.writeHead(200, headers);
    createReadStream(file).pipe(outgoing);
    return;
  }
  let bytes = packed.get(file);
  if (!bytes) {
    bytes = brotliCompressSync(readFileSync(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    packed.set(file, bytes);
  }
  outgoing.writeHead(200, { ...headers, 'content-encoding': 'br', vary: 'accept-encoding' });
  outgoing.end(bytes);
}

function pass(target, incoming, outgoing) {
  const onward = ask(
    { host: target.hostname, port: target.port, path: incoming.url, method: incoming.method, headers: incoming.headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on('error', () => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end();
  });
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await preview(process.env.FRAMEOS_URL ?? 'http://127.0.0.1:8080', Number(process.env.PORT ?? 4173));
  console.log(`serving ${url}`);
}

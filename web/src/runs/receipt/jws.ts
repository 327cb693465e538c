/** Signed documents of FrameOS: compact JWS with Ed25519, checked with the browser's own cryptography. */
import { canonical, type Exact, exactParse, member } from './exact';

export interface Jws {
  kid: string;
  typ: string;
  /** The key in the document. Whether it is to be trusted is another question. */
  x: string;
  payload: Exact;
  /** The payload as it was signed. */
  payloadText: string;
  signed: string;
  signature: Uint8Array<ArrayBuffer>;
}

/** Takes a document apart. Throws for one that is not strictly of this form. */
export function jwsRead(text: string): Jws {
  const parts = text.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw new Error('it does not have three parts');
  }
  const header = exactParse(utf8(base64url(head)));
  const of = (...path: string[]) => {
    const value = member(header, ...path);
    if (typeof value !== 'string') throw new Error(`its header has no ${path.join('.')}`);
    return value;
  };
  if (of('alg') !== 'EdDSA' || of('jwk', 'kty') !== 'OKP' || of('jwk', 'crv') !== 'Ed25519') {
    throw new Error('it is not signed with Ed25519');
  }
  const payloadText = utf8(base64url(body));
  return {
    kid: of('kid'),
    typ: of('typ'),
    x: of('jwk', 'x'),
    payload: exactParse(payloadText),
    payloadText,
    signed: `${head}.${body}`,
    signature: base64url(signature),
  };
}

/** Whether the signature is that of the key in the document. */
export async function jwsIsSigned({ x, signed, signature }: Jws): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', base64url(x), { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'Ed25519' }, key, signature, new TextEncoder().encode(signed));
}

/** RFC 7638. */
export async function thumbprint(x: string): Promise<string> {
  return base64urlOf(await digest(canonical({ crv: 'Ed25519', kty: 'OKP', x })));
}

export async function sha256Hex(text: string): Promise<string> {
  return [...(await digest(text))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Why this browser cannot check signatures, if it cannot. */
export async function whyNot(): Promise<string | null> {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return 'Browsers check signatures only on pages that come over HTTPS or from this machine.';
  }
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'Ed25519' }, false, ['verify']);
    return null;
  } catch (error) {
    const isMissing = error instanceof DOMException && error.name === 'NotSupportedError';
    return isMissing ? 'This browser does not know Ed25519 signatures.' : null;
  }
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Strict: no padding, no other alphabet, no stray bits. */
function base64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error('it is not base64url');
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  if (base64urlOf(bytes) !== text) throw new Error('it is not strict base64url');
  return bytes;
}

function base64urlOf(bytes: Uint8Array): string {
  let raw = '';
  for (const byte of bytes) raw += String.fromCharCode(byte);
  return btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

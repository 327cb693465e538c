/** A key nobody else has, for `Idempotency-Key`. `crypto.randomUUID` is not there on plain HTTP, this is. */
export function uniqueKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The nonce with which the page's policy allows styles that are made while it runs. */
import { setNonce } from 'get-nonce';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** For react-style-singleton, which locks scrolling behind dialogs. */
export function nonceInstall(): void {
  setNonce(nonce);
}

export const nonceNow = (): string => nonce;

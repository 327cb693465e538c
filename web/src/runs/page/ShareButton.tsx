import type { Execution } from '../types';

export function ShareButton(_: { run: Execution }) {
  return null;
}

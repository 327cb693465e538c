/** Why runs fail, in plain words. */
import { words } from '@/shared/words';

const REASONS: Record<string, string> = {
  exit: 'The program ended with an error',
  signal: 'The program was ended by a signal',
  forbidden_call: 'It did what the sandbox forbids',
  oom: 'Out of memory',
  timeout: 'Out of time',
  outputs_invalid: 'Outputs are not as declared',
  cancelled: 'Cancelled by its user',
  platform: 'The platform’s fault',
  payment_declined: 'The payment was declined',
};

export const reasonWords = (reason: string): string => REASONS[reason] ?? words(reason);

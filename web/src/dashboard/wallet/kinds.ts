/** Movements of the ledger in plain words. */
import { words } from '@/shared/words';

interface KindWords {
  title: string;
  hint: string;
}

const KINDS: Record<string, KindWords> = {
  top_up: { title: 'Money added', hint: 'Paid in by you' },
  top_up_reversal: { title: 'Top-up taken back', hint: 'By the payment provider' },
  hold: { title: 'Set aside', hint: 'For a payment under way' },
  capture: { title: 'Paid', hint: 'Out of what was set aside' },
  release: { title: 'Released', hint: 'Set aside, and not needed' },
  refund: { title: 'Refund', hint: 'Of a payment' },
};

export function kindWords(kind: string): KindWords {
  return KINDS[kind] ?? { title: words(kind), hint: '' };
}

/** What was spent, by day, out of movements of a wallet. */
import type { Transaction } from '../types';

export const DAY_MS = 86_400_000;

export interface Day {
  /** As `2026-11-22`, UTC. */
  day: string;
  /** Minor units. */
  amount: number;
}

/**
 * A hold counts on the day it was made; what of it comes back counts against that, so that what is left was spent, or is
 * set aside for a run that goes on. Money that comes in is no saving.
 */
export function spendByDay(transactions: readonly Transaction[], first: number, days: number): Day[] {
  const amounts = new Map<string, number>();
  for (let at = 0; at < days; at += 1) amounts.set(dayOf(first + at * DAY_MS), 0);
  for (const { kind, amount, created_at } of transactions) {
    const day = dayOf(Date.parse(created_at));
    const before = amounts.get(day);
    if (kind.startsWith('top_up') || before === undefined) continue;
    amounts.set(day, before - amount);
  }
  return [...amounts].map(([day, amount]) => ({ day, amount }));
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

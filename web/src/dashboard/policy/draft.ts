/** A policy as it stands in the form, and back. */
import { formatMoney, parseMoney } from '@/shared/money';

import type { Policy } from '../types';

export interface PolicyDraft {
  per_execution_limit: string;
  daily_limit: string;
  monthly_limit: string;
  confirm_above: string;
  allowed_agents: string[];
  blocked_agents: string[];
  allowed_categories: string[];
  blocked_categories: string[];
  /** As `<input type="datetime-local">` has it; empty for never. */
  expires_at: string;
  paused: boolean;
}

export const AMOUNTS = ['per_execution_limit', 'daily_limit', 'monthly_limit', 'confirm_above'] as const;

export function draftOf(policy: Policy): PolicyDraft {
  const currency = policy.currency ?? 'INR';
  const amount = (minor: number | null | undefined) =>
    minor === null || minor === undefined ? '' : formatMoney(minor, currency, { short: true, locale: 'en' }).replace(/[^\d.]/g, '');
  return {
    per_execution_limit: amount(policy.per_execution_limit),
    daily_limit: amount(policy.daily_limit),
    monthly_limit: amount(policy.monthly_limit),
    confirm_above: amount(policy.confirm_above),
    allowed_agents: policy.allowed_agents ?? [],
    blocked_agents: policy.blocked_agents ?? [],
    allowed_categories: policy.allowed_categories ?? [],
    blocked_categories: policy.blocked_categories ?? [],
    expires_at: policy.expires_at ? localOf(policy.expires_at) : '',
    paused: policy.paused ?? false,
  };
}

type Errors = Partial<Record<keyof PolicyDraft, string>>;

/** The policy that a draft means, or what is wrong with it. */
export function policyOf(draft: PolicyDraft, before: Policy): { policy: Policy } | { errors: Errors } {
  const currency = before.currency ?? 'INR';
  const errors: Errors = {};
  const amounts = {} as Record<(typeof AMOUNTS)[number], number | null>;
  for (const name of AMOUNTS) {
    const text = draft[name].trim();
    const minor = text === '' ? null : parseMoney(text, currency);
    if (text !== '' && minor === null) errors[name] = 'Enter an amount, such as 500 or 250.50, or leave it empty.';
    amounts[name] = minor;
  }
  const expires = draft.expires_at === '' ? null : new Date(draft.expires_at);
  if (expires && Number.isNaN(expires.getTime())) errors.expires_at = 'Enter a date and a time, or leave it empty.';
  if (Object.keys(errors).length > 0) return { errors };
  const { allowed_agents, blocked_agents, allowed_categories, blocked_categories, paused } = draft;
  return {
    policy: {
      ...amounts, allowed_agents, blocked_agents, allowed_categories, blocked_categories, paused, currency,
      expires_at: expires?.toISOString() ?? null,
      revision: before.revision ?? 0,
    },
  };
}

/** A point in time as a field of local time has it. */
function localOf(at: string): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

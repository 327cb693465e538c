/** The state of the analytics page, in the address. */
import { oneOf, textOf } from '@/shared/paging';

export const DAYS = ['7', '30', '90', '365'] as const;

export interface AnalyticsSearch {
  agent?: string;
  days?: (typeof DAYS)[number];
}

export function analyticsSearchOf(search: Record<string, unknown>): AnalyticsSearch {
  const [agent, days] = [textOf(search.agent, 60), oneOf(String(search.days), DAYS)];
  return { ...(agent && { agent }), ...(days && days !== '30' && { days }) };
}

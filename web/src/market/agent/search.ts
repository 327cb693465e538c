import { oneOf } from '@/shared/paging';

export const TABS = ['overview', 'try', 'reviews', 'versions'] as const;
export type AgentTab = (typeof TABS)[number];

export interface AgentSearch {
  tab?: AgentTab;
}

/** Which part of an agent's page is shown, in the address. */
export function agentSearchOf(search: Record<string, unknown>): AgentSearch {
  const tab = oneOf(search.tab, TABS);
  return tab === undefined || tab === 'overview' ? {} : { tab };
}

/** What the header leads to, by who is signed in. */
import type { LucideIcon } from 'lucide-react';
import { ChartNoAxesColumn, Compass, Gauge, History, ShieldCheck, Store } from 'lucide-react';

import type { Role } from '@/session/store';

export interface NavItem {
  label: string;
  to: string;
  icon: LucideIcon;
}

const EXPLORE: NavItem = { label: 'Explore', to: '/explore', icon: Compass };

export function navFor(role: Role | undefined): NavItem[] {
  switch (role) {
    case 'user':
      return [
        EXPLORE,
        { label: 'Runs', to: '/runs', icon: History },
        { label: 'Dashboard', to: '/dashboard', icon: Gauge },
      ];
    case 'developer':
      return [EXPLORE, { label: 'Studio', to: '/studio', icon: ChartNoAxesColumn }];
    case 'admin':
      return [EXPLORE, { label: 'Console', to: '/console', icon: ShieldCheck }];
    default:
      return [{ ...EXPLORE, icon: Store }];
  }
}

/** Where an account of this role has its own pages. */
export function sectionOf(role: Role): '/dashboard' | '/studio' | '/console' {
  if (role === 'developer') return '/studio';
  return role === 'admin' ? '/console' : '/dashboard';
}

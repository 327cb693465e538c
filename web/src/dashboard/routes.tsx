import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Bell, Boxes, CalendarSync, Gauge, KeyRound, LockKeyhole, ReceiptText, ShieldCheck, Wallet, Webhook } from 'lucide-react';

import { notificationsSearchOf } from '@/app/notifications';
import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';
import { pagingOf } from '@/shared/paging';
import { type SectionItem, SectionLayout } from '@/shared/SectionLayout';

const ITEMS: SectionItem[] = [
  { label: 'Overview', to: '/dashboard', icon: Gauge, exact: true },
  { label: 'Deployments', to: '/dashboard/deployments', icon: Boxes },
  { label: 'Subscriptions', to: '/dashboard/subscriptions', icon: CalendarSync },
  { label: 'Wallet', to: '/dashboard/wallet', icon: Wallet },
  { label: 'Transactions', to: '/dashboard/transactions', icon: ReceiptText },
  { label: 'Spending policy', to: '/dashboard/policy', icon: ShieldCheck },
  { label: 'Notifications', to: '/dashboard/notifications', icon: Bell },
  { label: 'Webhooks', to: '/dashboard/webhooks', icon: Webhook },
  { label: 'Access tokens', to: '/dashboard/tokens', icon: KeyRound },
  { label: 'Security', to: '/dashboard/security', icon: LockKeyhole },
];

const layout = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dashboard',
  component: () => (
    <RoleGate roles={['user']}>
      <SectionLayout label="Dashboard" items={ITEMS} />
    </RoleGate>
  ),
});

export const dashboardRoutes = layout.addChildren([
  createRoute({
    getParentRoute: () => layout,
    path: '/',
    component: lazyRouteComponent(() => import('./OverviewPage'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/deployments',
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./DeploymentsPage'), 'DeploymentsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/subscriptions',
    component: lazyRouteComponent(() => import('./SubscriptionsPage'), 'SubscriptionsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/wallet',
    component: lazyRouteComponent(() => import('./WalletPage'), 'WalletPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/transactions',
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./TransactionsPage'), 'TransactionsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/policy',
    component: lazyRouteComponent(() => import('./PolicyPage'), 'PolicyPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('./WebhooksPage'), 'WebhooksPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/notifications',
    validateSearch: notificationsSearchOf,
    component: lazyRouteComponent(() => import('@/account/NotificationsPage'), 'NotificationsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/tokens',
    component: lazyRouteComponent(() => import('@/account/TokensPage'), 'TokensPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/security',
    component: lazyRouteComponent(() => import('@/account/SecurityPage'), 'SecurityPage'),
  }),
]);

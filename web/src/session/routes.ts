import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { rootRoute } from '@/app/rootRoute';

/** Where to go afterwards: a path of this UI, never another site. */
function next(search: Record<string, unknown>): { next?: string } {
  const wanted = search.next;
  return typeof wanted === 'string' && /^\/(?![/\\])/.test(wanted) ? { next: wanted } : {};
}

const root = () => rootRoute;

export const sessionRoutes = [
  createRoute({
    getParentRoute: root,
    path: '/sign-in',
    validateSearch: next,
    component: lazyRouteComponent(() => import('./SignInPage'), 'SignInPage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/sign-up',
    validateSearch: (search: Record<string, unknown>): { next?: string; as?: 'developer' } => ({
      ...next(search),
      ...(search.as === 'developer' ? { as: 'developer' as const } : {}),
    }),
    component: lazyRouteComponent(() => import('./SignUpPage'), 'SignUpPage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/verify-email',
    component: lazyRouteComponent(() => import('./VerifyEmailPage'), 'VerifyEmailPage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/forgot-password',
    component: lazyRouteComponent(() => import('./ForgotPasswordPage'), 'ForgotPasswordPage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/reset-password',
    component: lazyRouteComponent(() => import('./ResetPasswordPage'), 'ResetPasswordPage'),
  }),
];

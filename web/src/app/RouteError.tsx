import type { ErrorComponentProps } from '@tanstack/react-router';

import { isApiError } from '@/api/errors';
import { ErrorState } from '@/shared/ErrorState';
import { Page } from '@/shared/Page';

import { NotFound } from './NotFound';

/** What a page shows in place of itself when it cannot be shown. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  if (isApiError(error, 'NOT_FOUND')) return <NotFound />;
  return (
    <Page>
      <h1 className="visually-hidden">This page cannot be shown</h1>
      <ErrorState error={error} onRetry={reset} />
    </Page>
  );
}

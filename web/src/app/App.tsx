import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useSyncExternalStore } from 'react';

import { queryClient } from '@/api/query';
import { notifyIsWanted, notifySubscribe } from '@/shared/notify';
import { nonceNow } from '@/theme/nonce';
import { schemeManager } from '@/theme/scheme';
import { theme, variables } from '@/theme/theme';

import { router } from './router';

const NotificationCorner = lazy(() => import('./NotificationCorner'));

export function App() {
  const isCornerWanted = useSyncExternalStore(notifySubscribe, notifyIsWanted);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
      getStyleNonce={nonceNow}
      deduplicateCssVariables={false}
    >
      <QueryClientProvider client={queryClient}>
        <ModalsProvider>
          <RouterProvider router={router} />
          {isCornerWanted && (
            <Suspense fallback={null}>
              <NotificationCorner />
            </Suspense>
          )}
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

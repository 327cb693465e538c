/** Asking the server what submitting would come to, while it is still being written. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { client, take } from '@/api/client';

import type { AgentCheckRequest } from '../contract';
import { type Bundle, bundleWith } from './bundle';
import { manifestParse } from './manifest';
import { base64 } from './tar';

const check = (body: AgentCheckRequest, signal: AbortSignal) =>
  take(client.POST('/agents/check', { body, signal }));

/** The manifest alone, as it is typed. */
export function useManifestCheck(text: string, agent: string | undefined) {
  const [settled] = useDebouncedValue(text, 450);
  const manifest = manifestParse(settled);
  return useQuery({
    queryKey: ['studio', 'check', 'manifest', settled, agent],
    queryFn: ({ signal }) => check({ manifest, agent }, signal),
    enabled: manifest !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Everything, with the scan. */
export function useBundleCheck(bundle: Bundle, text: string, agent: string | undefined) {
  return useQuery({
    queryKey: ['studio', 'check', 'bundle', bundle.name, bundle.packed.length, text, agent],
    queryFn: async ({ signal }) => {
      const whole = await bundleWith(bundle, text);
      return check({ code_base64: await base64(whole.packed), agent }, signal);
    },
    // The code can differ while all of the key is the same.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

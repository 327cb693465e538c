import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Share2 } from 'lucide-react';
import { useState } from 'react';

import { shareQuery } from '../share';
import type { Execution } from '../types';
import { ShareDialog } from './ShareDialog';

export function ShareButton({ run }: { run: Execution }) {
  const [isOpen, setOpen] = useState(false);
  const state = useQuery(shareQuery(run.id));
  if (!state.data) return null;
  return (
    <>
      <Button variant="default" leftSection={<Share2 size={15} aria-hidden />} onClick={() => setOpen(true)}>
        {state.data.expires_at ? 'Shared' : 'Share'}
      </Button>
      {isOpen && <ShareDialog run={run} until={state.data.expires_at} onClose={() => setOpen(false)} />}
    </>
  );
}

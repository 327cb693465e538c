import { useEffect, useState, useSyncExternalStore } from 'react';

import { type LiveView, RunLive } from './runLive';

/** Follows a run for as long as the page shows it. Give the component the run's id as its key. */
export function useRunLive(execution: string): { live: RunLive; view: LiveView } {
  const [live] = useState(() => new RunLive(execution));
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  return { live, view: useSyncExternalStore(live.subscribe, live.snapshot) };
}

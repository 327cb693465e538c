import { useEffect, useState, useSyncExternalStore } from 'react';

import { type LiveView, RunLive } from './runLive';

/** Follows a run for as long as the page shows it. Give the component the run's id as its key. */
export function useRunLive(execution: string): RunLive {
  const [live] = useState(() => new RunLive(execution));
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  return live;
}

/** One part of what is known, so that a line of the log draws the log and nothing else. */
export function useLive<K extends keyof LiveView>(live: RunLive, part: K): LiveView[K] {
  return useSyncExternalStore(live.subscribe, () => live.snapshot()[part]);
}

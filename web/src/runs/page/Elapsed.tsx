import { useEffect, useState } from 'react';

import { formatDuration } from '@/shared/numbers';

/** How long something has been going on, by the second. */
export function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const ms = Math.max(0, now - Date.parse(since));
  return <span className="tabular">{formatDuration(Math.floor(ms / 1000) * 1000)}</span>;
}

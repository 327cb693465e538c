import { Alert } from '@mantine/core';
import { useNetwork } from '@mantine/hooks';
import { useIsFetching, useIsMutating } from '@tanstack/react-query';
import { Hourglass, WifiOff } from 'lucide-react';
import { useEffect, useState } from 'react';

import classes from './ConnectionBanner.module.css';

const SLOW_MS = 4_000;

/** Says that the connection is gone, or that the server takes long, so that nobody clicks again in doubt. */
export function ConnectionBanner() {
  const { online } = useNetwork();
  const isSlow = useIsSlow();
  if (online && !isSlow) return <div role="status" />;
  return (
    <div role="status">
      {online ? (
        <Alert color="yellow" p="xs" className={classes.banner} icon={<Hourglass size={16} aria-hidden />}>
          The server is taking longer than usual. Nothing is lost; this page goes on by itself.
        </Alert>
      ) : (
        <Alert color="orange" p="xs" className={classes.banner} icon={<WifiOff size={16} aria-hidden />}>
          You are offline. What is on this page may be out of date; it goes on when the connection is back.
        </Alert>
      )}
    </div>
  );
}

function useIsSlow(): boolean {
  // Long-lived streams do not count: they are not queries.
  const isBusy = useIsFetching() + useIsMutating() > 0;
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    if (!isBusy) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [isBusy]);
  return isSlow;
}

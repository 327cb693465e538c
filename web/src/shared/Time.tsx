import { useNow } from './useNow';
import { formatAbsolute, formatClock, formatDay, formatRelative } from './time';

interface Props {
  at: string | number;
  as?: 'relative' | 'day' | 'absolute' | 'clock';
}

/** A point in time. The absolute one is its title. */
export function Time({ at, as = 'relative' }: Props) {
  const now = useNow();
  const text =
    as === 'relative' ? formatRelative(at, now) : as === 'day' ? formatDay(at) : as === 'clock' ? formatClock(at) : formatAbsolute(at);
  return (
    <time dateTime={new Date(at).toISOString()} title={formatAbsolute(at)} style={{ whiteSpace: 'nowrap' }}>
      {text}
    </time>
  );
}

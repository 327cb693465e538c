import { Button } from '@mantine/core';
import { ArrowDown } from 'lucide-react';
import { memo, useCallback, useLayoutEffect, useRef, useState } from 'react';

import { formatClock } from '@/shared/time';

import type { LogLine } from '../follow/runLive';
import classes from './LogLines.module.css';

/** Lines a part: only the last part is drawn again when lines come, and parts out of sight are not laid out. */
const PART = 100;
const NEAR_PX = 24;

interface Props {
  /** May grow in place: `count` says how far it is to be shown. */
  lines: readonly LogLine[];
  count: number;
  hasTimes: boolean;
  isLive: boolean;
}

export function LogLines({ lines, count, hasTimes, isLive }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(isLive);
  const [isAway, setAway] = useState(false);
  const toEnd = useCallback(() => {
    const box = frame.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);
  useLayoutEffect(() => {
    if (isFollowing.current) toEnd();
  }, [count, toEnd]);
  const onScroll = () => {
    const box = frame.current;
    if (!box) return;
    isFollowing.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    setAway(!isFollowing.current);
  };
  const parts = Math.ceil(count / PART);
  return (
    <div className={classes.wrap}>
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={frame} className={classes.frame} tabIndex={0} role="region" aria-label="Log lines" onScroll={onScroll}>
        {Array.from({ length: parts }, (_, part) => (
          <Part key={part} lines={lines} from={part * PART} to={Math.min(count, (part + 1) * PART)} hasTimes={hasTimes} />
        ))}
      </div>
      {isLive && isAway && (
        <Button
          className={classes.jump}
          size="compact-xs"
          leftSection={<ArrowDown size={13} aria-hidden />}
          onClick={() => {
            isFollowing.current = true;
            setAway(false);
            toEnd();
          }}
        >
          Latest
        </Button>
      )}
    </div>
  );
}

interface PartProps {
  lines: readonly LogLine[];
  from: number;
  to: number;
  hasTimes: boolean;
}

const Part = memo(function Part({ lines, from, to, hasTimes }: PartProps) {
  return (
    <div className={to - from === PART ? classes.part : undefined}>
      {lines.slice(from, to).map((line) => (
        <div key={line.index} className={classes.line} data-stream={line.stream} data-level={line.level} data-log-line={line.index}>
          {hasTimes && line.at !== '' && <time className={classes.time}>{formatClock(line.at)}</time>}
          {toneOf(line) !== null && <span className={classes.level}>{toneOf(line)}</span>}
          <span className={classes.message}>{line.message || ' '}</span>
        </div>
      ))}
    </div>
  );
});

/** What is said besides the colour. */
function toneOf({ stream, level }: LogLine): string | null {
  if (level === 'error' || level === 'warn' || level === 'debug') return level;
  return stream === 'stdout' ? 'out' : null;
}

import { Anchor } from '@mantine/core';
import { useState } from 'react';

import classes from './JsonTree.module.css';

const SHOWN_AT_FIRST = 100;
const LONGEST_TEXT = 2_000;

interface Props {
  value: unknown;
  /** How many levels are open at first. */
  open?: number;
}

/** A value of JSON to look into. Parts are drawn when they are opened, long lists a hundred at a time. */
export function JsonTree({ value, open = 2 }: Props) {
  return (
    <div className={classes.tree}>
      <Node value={value} open={open} />
    </div>
  );
}

interface NodeProps {
  name?: string;
  value: unknown;
  open: number;
}

function Node({ name, value, open }: NodeProps) {
  if (value === null || typeof value !== 'object') {
    return (
      <div className={classes.row}>
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  return <Branch name={name} value={value} open={open} />;
}

function Branch({ name, value, open }: { name?: string; value: object; open: number }) {
  const [isOpen, setOpen] = useState(open > 0);
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) {
    return (
      <div className={classes.row}>
        <Name name={name} />
        <span className={classes.size}>{isList ? '[]' : '{}'}</span>
      </div>
    );
  }
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={classes.summary}>
        <Name name={name} />
        <span className={classes.size}>{size}</span>
      </summary>
      {isOpen && (
        <div className={classes.children}>
          {entries.slice(0, shown).map(([key, child]) => (
            <Node key={key} name={key} value={child} open={open - 1} />
          ))}
          {entries.length > shown && (
            <Anchor component="button" type="button" size="xs" onClick={() => setShown(shown + SHOWN_AT_FIRST)}>
              Show more ({entries.length - shown} left)
            </Anchor>
          )}
        </div>
      )}
    </details>
  );
}

function Name({ name }: { name?: string }) {
  return name === undefined ? null : <span className={classes.name}>{name}: </span>;
}

function Leaf({ value }: { value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== 'string') return <span className={classes[typeof value] ?? classes.null}>{String(value)}</span>;
  const isLong = value.length > LONGEST_TEXT && !isWhole;
  return (
    <span className={classes.string}>
      {JSON.stringify(isLong ? value.slice(0, LONGEST_TEXT) : value)}
      {isLong && (
        <>
          {' … '}
          <Anchor component="button" type="button" size="xs" onClick={() => setWhole(true)}>
            all {value.length} characters
          </Anchor>
        </>
      )}
    </span>
  );
}

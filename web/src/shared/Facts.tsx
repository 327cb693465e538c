import type { ReactNode } from 'react';

import classes from './Facts.module.css';

/** A name and what there is of it; entries that are `null` or `undefined` are left out. */
export type Fact = [name: string, value: ReactNode];

/** Names and values, one line each. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt className={classes.name}>{name}</dt>
            <dd className={classes.value}>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

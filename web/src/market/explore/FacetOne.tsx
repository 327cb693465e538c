import { Radio, Skeleton, Stack } from '@mantine/core';

import { formatCount } from '@/shared/numbers';

import type { FacetCount } from '../types';
import classes from './Facet.module.css';

interface Props {
  label: string;
  counts: FacetCount[] | undefined;
  value: string | undefined;
  name: (value: string) => string;
  onChange: (value: string | undefined) => void;
}

const ANY = '';

/** A facet of which one value holds, or any. */
export function FacetOne({ label, counts, value, name, onChange }: Props) {
  if (!counts) return <Skeleton h={120} radius="md" />;
  // A value that was chosen stays in sight, also when nothing has it any more.
  const isMissing = value !== undefined && !counts.some((count) => count.value === value);
  const shown = isMissing ? [{ value, agents: 0 }, ...counts] : counts;
  if (shown.length === 0) return null;
  return (
    <Radio.Group
      label={label}
      value={value ?? ANY}
      onChange={(chosen) => onChange(chosen === ANY ? undefined : chosen)}
      classNames={{ label: classes.label }}
    >
      <Stack gap={2}>
        <Radio value={ANY} label="Any" size="xs" classNames={{ root: classes.choice, label: classes.text }} />
        {shown.map((count) => (
          <Radio
            key={count.value}
            value={count.value}
            size="xs"
            classNames={{ root: classes.choice, label: classes.text, body: classes.body, labelWrapper: classes.wrapper }}
            label={
              <>
                <span>{name(count.value)}</span>
                <span className={classes.count}>{formatCount(count.agents)}</span>
              </>
            }
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}

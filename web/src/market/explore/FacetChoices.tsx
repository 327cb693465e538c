import { Anchor, Checkbox, Skeleton, Stack } from '@mantine/core';
import { useState } from 'react';

import { formatCount } from '@/shared/numbers';

import type { FacetCount } from '../types';
import classes from './Facet.module.css';

interface Props {
  label: string;
  counts: FacetCount[] | undefined;
  values: string[];
  name: (value: string) => string;
  onChange: (values: string[]) => void;
}

const FEW = 8;

/** A facet whose values add up: agents that have all of them. */
export function FacetChoices({ label, counts, values, name, onChange }: Props) {
  const [isWhole, setWhole] = useState(false);
  if (!counts) return <Skeleton h={160} radius="md" />;
  const missing = values.filter((value) => !counts.some((count) => count.value === value));
  const all = [...missing.map((value) => ({ value, agents: 0 })), ...counts];
  if (all.length === 0) return null;
  const shown = isWhole ? all : all.filter((count, index) => index < FEW || values.includes(count.value));
  return (
    <Checkbox.Group label={label} value={values} onChange={onChange} classNames={{ label: classes.label }}>
      <Stack gap={2}>
        {shown.map((count) => (
          <Checkbox
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
        {all.length > FEW && (
          <Anchor component="button" type="button" size="xs" ta="left" mt={4} onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Fewer' : `All ${all.length}`}
          </Anchor>
        )}
      </Stack>
    </Checkbox.Group>
  );
}

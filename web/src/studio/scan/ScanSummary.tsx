import { Group, Paper, RingProgress, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { plural } from '@/shared/numbers';

import type { ScanReport } from '../types';
import { VERDICT } from './words';

interface Props {
  report: ScanReport;
  /** Where its title stands among the page's headings. */
  order?: 2 | 3;
  children?: ReactNode;
}

/** The verdict, the risk score and what they are made of. */
export function ScanSummary({ report, order = 3, children }: Props) {
  const { color, title, says } = VERDICT[report.verdict];
  const parts = report.risk.parts.filter((part) => part.points > 0).slice(0, 4);
  return (
    <Paper p="md">
      <Group gap="lg" wrap="nowrap" align="center">
        <RingProgress
          size={76}
          thickness={7}
          roundCaps
          sections={[{ value: report.risk.score, color }]}
          role="img"
          aria-label={`Risk score ${report.risk.score} of 100`}
          label={
            <Text ta="center" fw={650} size="lg" className="tabular" aria-hidden>
              {report.risk.score}
            </Text>
          }
        />
        <div style={{ minWidth: 0 }}>
          <Title order={order} size="h3">{title}</Title>
          <Text size="sm">{says}</Text>
          <Text size="xs" c="dimmed" mt={4}>
            Risk {report.risk.score} of 100 · {plural(report.files_scanned, 'file')} scanned ·{' '}
            {plural(report.findings.length, 'finding')} · scanner {report.scanner_version}
          </Text>
          {parts.length > 0 && (
            <Text size="xs" c="dimmed">
              Made up of {parts.map((part) => `${part.rule} +${part.points}`).join(', ')}
            </Text>
          )}
          {children}
        </div>
      </Group>
    </Paper>
  );
}

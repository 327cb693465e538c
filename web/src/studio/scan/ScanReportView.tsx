import { Alert, Stack } from '@mantine/core';
import { CheckCircle2 } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Scanned } from '../contract';
import type { Finding } from '../types';
import { FindingCard } from './FindingCard';
import { ScanSummary } from './ScanSummary';
import { findingsSorted } from './words';

interface Props extends Scanned {
  /** What to say below a finding. */
  about?: (finding: Finding) => ReactNode;
}

/** A whole scan report, what matters most first. */
export function ScanReportView({ report, frames, about }: Props) {
  const frameOf = new Map(frames.map((frame) => [frame.fingerprint, frame]));
  return (
    <Stack gap="md">
      <ScanSummary report={report} />
      {report.findings.length === 0 && (
        <Alert color="green" icon={<CheckCircle2 size={18} aria-hidden />}>
          No rule found anything in this code.
        </Alert>
      )}
      {findingsSorted(report.findings).map((finding, index) => (
        <FindingCard key={`${finding.fingerprint}-${index}`} finding={finding} frame={frameOf.get(finding.fingerprint)}>
          {about?.(finding)}
        </FindingCard>
      ))}
    </Stack>
  );
}

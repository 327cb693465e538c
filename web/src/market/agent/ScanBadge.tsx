import { Badge, Tooltip } from '@mantine/core';
import { ShieldCheck, ShieldQuestion } from 'lucide-react';

import { plural } from '@/shared/numbers';

import type { AgentPageData, VersionSummary } from '../types';

interface Props {
  agent: AgentPageData;
  version: VersionSummary | undefined;
}

/** What the code scan said of the current version, and that somebody looked at it. */
export function ScanBadge({ agent, version }: Props) {
  if (!version) return null;
  const { scan } = agent;
  const looked = scan ? ` ${plural(scan.files_scanned, 'file')} looked at; risk ${scan.risk} of 100.` : '';
  if (version.scan_passed) {
    return (
      <Tooltip label={`The code scan found nothing to object to in this version.${looked}`} multiline maw={300}>
        <Badge color="green" leftSection={<ShieldCheck size={13} aria-hidden />} tabIndex={0}>
          Code scan passed
        </Badge>
      </Tooltip>
    );
  }
  return (
    <Tooltip
      label={`The code scan flagged something in this version; a reviewer looked at it and approved the version.${looked}`}
      multiline
      maw={300}
    >
      <Badge color="yellow" leftSection={<ShieldQuestion size={13} aria-hidden />} tabIndex={0}>
        Flagged by the scan, approved by review
      </Badge>
    </Tooltip>
  );
}

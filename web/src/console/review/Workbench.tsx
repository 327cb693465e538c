import { Alert, Button, Kbd, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { Check, CircleHelp, Info, X } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';

import { plural } from '@/shared/numbers';
import { PageHeader } from '@/shared/PageHeader';
import { ChangesView } from '@/studio/scan/ChangesView';
import { ScanSummary } from '@/studio/scan/ScanSummary';
import { findingsSorted } from '@/studio/scan/words';

import type { VersionForReview } from '../types';
import { AcceptDialog } from './AcceptDialog';
import { CodePane } from './CodePane';
import { DecideDialog, type Verdict } from './DecideDialog';
import { FileList } from './FileList';
import { FindingList } from './FindingList';
import { KeysDialog } from './KeysDialog';
import { ManifestPane } from './ManifestPane';
import classes from './Workbench.module.css';

interface Props {
  version: VersionForReview;
  /** Below the title: state, developer, age. */
  heading: ReactNode;
}

/** Findings, files and the manifest beside the code; all of it by keyboard, too. */
export function Workbench({ version, heading }: Props) {
  const findings = useMemo(() => findingsSorted(version.scan_report?.findings ?? []), [version]);
  const accepted = new Map(version.acceptances.map((acceptance) => [acceptance.fingerprint, acceptance]));
  const changed = version.changes?.files.changed ?? [];
  const [chosen, setChosen] = useState(findings.length > 0 ? 0 : -1);
  const [file, setFile] = useState<string | undefined>(
    findings[0]?.file ?? changed[0] ?? version.files.find(({ path }) => path !== 'manifest.json')?.path ?? version.files[0]?.path,
  );
  const [tab, setTab] = useState<string | null>(findings.length > 0 ? 'findings' : 'files');
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [isAccepting, accepting] = useDisclosure();
  const [isHelp, help] = useDisclosure();
  const isOpen = version.review_status === 'pending_review';
  const finding = findings[chosen];

  const choose = (index: number) => {
    const next = findings[index];
    if (!next) return;
    setChosen(index);
    setFile(next.file);
    setTab('findings');
  };
  const openFile = (path: string) => {
    setFile(path);
    setChosen(-1);
  };
  useHotkeys([
    ['j', () => choose(Math.min(chosen + 1, findings.length - 1))],
    ['k', () => choose(Math.max(chosen - 1, 0))],
    ['a', () => isOpen && setVerdict('approve')],
    ['r', () => isOpen && setVerdict('reject')],
    ['c', () => isOpen && finding?.action === 'flag' && accepting.open()],
    ['shift+?', help.open],
    ['?', help.open],
  ]);

  const open = findings.filter((each) => each.action === 'flag' && !accepted.has(each.fingerprint)).length;
  return (
    <>
      <PageHeader
        title={`${version.name ?? version.slug} ${version.version}`}
        tabTitle={`Review of ${version.slug} ${version.version}`}
        actions={
          <>
            <Button variant="subtle" color="gray" visibleFrom="sm" onClick={help.open} leftSection={<CircleHelp size={16} aria-hidden />}>
              Keyboard
            </Button>
            {isOpen && (
              <>
                <Button
                  variant="default"
                  leftSection={<X size={16} aria-hidden />}
                  rightSection={<Kbd size="xs">r</Kbd>}
                  onClick={() => setVerdict('reject')}
                >
                  Reject
                </Button>
                <Button
                  leftSection={<Check size={16} aria-hidden />}
                  rightSection={<Kbd size="xs">a</Kbd>}
                  onClick={() => setVerdict('approve')}
                >
                  Approve
                </Button>
              </>
            )}
          </>
        }
      >
        {heading}
      </PageHeader>
      <Stack gap="md">
        {!isOpen && (
          <Alert color="gray" icon={<Info size={18} aria-hidden />}>
            This version has been decided on.
          </Alert>
        )}
        <div className={classes.top}>
          {version.changes ? (
            <ChangesView changes={version.changes} />
          ) : (
            <Alert color="blue" icon={<Info size={18} aria-hidden />} title="A first version">
              There is no approved version to compare it with.
            </Alert>
          )}
          {version.scan_report && (
            <ScanSummary report={version.scan_report} order={2}>
              {open > 0 && isOpen && (
                <Text size="sm" fw={550} mt={4}>
                  {plural(open, 'flagged finding')} not accepted yet
                </Text>
              )}
            </ScanSummary>
          )}
        </div>
        <div className={classes.bench}>
          <Tabs value={tab} onChange={setTab} className={classes.side}>
            <Tabs.List grow mb="sm">
              <Tabs.Tab value="findings">Findings ({findings.length})</Tabs.Tab>
              <Tabs.Tab value="files">Files ({version.files.length})</Tabs.Tab>
              <Tabs.Tab value="manifest">Asks for</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="findings">
              <FindingList
                findings={findings}
                accepted={accepted}
                chosen={chosen}
                version={version.version_id}
                isOpen={isOpen}
                onChoose={choose}
                onAccept={accepting.open}
              />
            </Tabs.Panel>
            <Tabs.Panel value="files">
              <FileList version={version} findings={findings} chosen={file} onChoose={openFile} />
            </Tabs.Panel>
            <Tabs.Panel value="manifest">
              <ManifestPane manifest={version.manifest} />
            </Tabs.Panel>
          </Tabs>
          <CodePane
            key={file}
            version={version.version_id}
            base={version.base_version_id}
            since={version.changes?.since}
            isChanged={file !== undefined && changed.includes(file)}
            path={file}
            line={finding && finding.file === file ? finding.line : undefined}
            findings={findings.filter((each) => each.file === file)}
          />
        </div>
      </Stack>
      {finding && (
        <AcceptDialog version={version.version_id} finding={finding} isOpen={isAccepting} onClose={accepting.close} />
      )}
      <DecideDialog version={version} verdict={verdict} findings={findings} onClose={() => setVerdict(null)} />
      <KeysDialog isOpen={isHelp} onClose={help.close} />
    </>
  );
}

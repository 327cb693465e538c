import { Alert, Button, Grid, Group, Paper, Select, Stack, Tabs, Text } from '@mantine/core';
import { ArrowLeft, ArrowRight, Braces, LayoutList } from 'lucide-react';
import { useRef, useState } from 'react';

import { formatBytes, plural } from '@/shared/numbers';

import type { AgentSummary } from '../types';
import type { Bundle } from './bundle';
import { CheckPanel } from './CheckPanel';
import { ListingFields } from './ListingFields';
import { ManifestEditor, type ManifestEditorHandle } from './ManifestEditor';
import { manifestParse, manifestText } from './manifest';
import { useManifestCheck } from './useCheck';

interface Props {
  bundle: Bundle;
  text: string;
  onText: (text: string) => void;
  agents: AgentSummary[];
  /** The slug of the agent that it is a version of; null for a new one. */
  target: string | null;
  onTarget: (slug: string | null) => void;
  onBack: () => void;
  onGoOn: () => void;
}

const NEW = '';

export function ListingStep({ bundle, text, onText, agents, target, onTarget, onBack, onGoOn }: Props) {
  const [tab, setTab] = useState<string | null>('form');
  const editor = useRef<ManifestEditorHandle>(null);
  const manifest = manifestParse(text);
  const check = useManifestCheck(text, target ?? undefined);
  const errors = check.data?.errors ?? [];
  const choices = [
    { value: NEW, label: 'A new agent' },
    ...agents
      .filter((agent) => agent.status !== 'banned')
      .map((agent) => ({ value: agent.slug, label: `A new version of ${agent.name} (${agent.current_version})` })),
  ];
  const goTo = (path: string) => {
    setTab('text');
    // The editor is there after the tab is drawn.
    requestAnimationFrame(() => editor.current?.goTo(path));
  };
  return (
    <Stack gap="lg">
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Paper p="lg">
            <Stack gap="lg">
              <Select
                label="This is"
                data={choices}
                value={target ?? NEW}
                onChange={(slug) => onTarget(slug === NEW ? null : slug)}
                searchable={choices.length > 8}
              />
              <Tabs value={tab} onChange={setTab} keepMounted>
                <Tabs.List mb="md">
                  <Tabs.Tab value="form" leftSection={<LayoutList size={15} aria-hidden />}>
                    Listing and price
                  </Tabs.Tab>
                  <Tabs.Tab value="text" leftSection={<Braces size={15} aria-hidden />}>
                    manifest.json
                  </Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="form">
                  {manifest ? (
                    <ListingFields
                      manifest={manifest}
                      errors={errors}
                      isVersion={target !== null}
                      onChange={(next) => onText(manifestText(next))}
                    />
                  ) : (
                    <Alert color="yellow" title="The manifest is not JSON at the moment">
                      Correct its text, and the fields come back.
                    </Alert>
                  )}
                </Tabs.Panel>
                <Tabs.Panel value="text">
                  <ManifestEditor ref={editor} text={text} onText={onText} />
                </Tabs.Panel>
              </Tabs>
            </Stack>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="md" pos="sticky" top={76}>
            <CheckPanel text={text} check={check} onGoTo={goTo} />
            <Paper p="md">
              <Text fw={550} style={{ overflowWrap: 'anywhere' }}>
                {bundle.name}
              </Text>
              <Text size="sm" c="dimmed">
                {plural(bundle.files.length, 'file')}, {formatBytes(bundle.packed.length)} packed
                {bundle.left.length > 0 && `; ${plural(bundle.left.length, 'file')} left behind`}
              </Text>
            </Paper>
          </Stack>
        </Grid.Col>
      </Grid>
      <Group justify="space-between">
        <Button variant="default" leftSection={<ArrowLeft size={16} aria-hidden />} onClick={onBack}>
          Back
        </Button>
        <Button
          rightSection={<ArrowRight size={16} aria-hidden />}
          onClick={onGoOn}
          disabled={!manifest || (errors.length > 0 && !check.isPlaceholderData)}
        >
          Check the code
        </Button>
      </Group>
    </Stack>
  );
}

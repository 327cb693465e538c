import { Alert, Anchor, Code, List, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { CheckCircle2, CircleAlert, TriangleAlert } from 'lucide-react';

import { messageOf, sentence } from '@/api/errors';
import { plural } from '@/shared/numbers';

import type { AgentChecked } from '../contract';
import { manifestParse } from './manifest';

interface Props {
  text: string;
  check: UseQueryResult<AgentChecked>;
  onGoTo: (path: string) => void;
}

/** What the server says of the manifest as it is being written. */
export function CheckPanel({ text, check, onGoTo }: Props) {
  return (
    <Paper p="md" component="section" aria-labelledby="check-title" aria-live="polite">
      <Title order={2} size="h4" id="check-title" mb="xs">
        Checks
      </Title>
      <Said text={text} check={check} onGoTo={onGoTo} />
    </Paper>
  );
}

function Said({ text, check, onGoTo }: Props) {
  if (!manifestParse(text)) {
    return (
      <Alert color="red" icon={<CircleAlert size={16} aria-hidden />}>
        This is not a JSON object: {jsonProblem(text)}
      </Alert>
    );
  }
  if (check.error) {
    return (
      <Alert color="yellow" icon={<TriangleAlert size={16} aria-hidden />} title="Not checked">
        {messageOf(check.error)} <Anchor component="button" size="sm" onClick={() => void check.refetch()}>Check again</Anchor>
      </Alert>
    );
  }
  if (check.data === undefined) {
    return (
      <Text size="sm" c="dimmed">
        <Loader size={12} mr={6} aria-hidden /> Checking…
      </Text>
    );
  }
  const { errors, warnings } = check.data;
  return (
    <Stack gap="sm">
      {errors.length === 0 ? (
        <Alert color="green" icon={<CheckCircle2 size={16} aria-hidden />}>
          The manifest is valid.
        </Alert>
      ) : (
        <Alert color="red" icon={<CircleAlert size={16} aria-hidden />} title={`${plural(errors.length, 'thing')} to change`}>
          <Issues issues={errors} onGoTo={onGoTo} />
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert color="yellow" icon={<TriangleAlert size={16} aria-hidden />} title="Probably not meant so">
          <Issues issues={warnings} onGoTo={onGoTo} />
        </Alert>
      )}
    </Stack>
  );
}

export function Issues({ issues, onGoTo }: { issues: { path: string | null; message: string }[]; onGoTo?: (path: string) => void }) {
  return (
    <List size="sm" spacing={6} listStyleType="none" ps={0}>
      {issues.map(({ path, message }, index) => (
        <List.Item key={`${path}-${index}`}>
          {path &&
            (onGoTo ? (
              <Anchor component="button" type="button" size="xs" ff="monospace" onClick={() => onGoTo(path)} display="block" ta="left">
                {path}
              </Anchor>
            ) : (
              <Code>{path}</Code>
            ))}
          <Text size="sm">{sentence(message)}</Text>
        </List.Item>
      ))}
    </List>
  );
}

function jsonProblem(text: string): string {
  try {
    JSON.parse(text);
    return 'it must be in braces.';
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read.';
  }
}

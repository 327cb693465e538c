import { Badge, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { Lightbulb } from 'lucide-react';
import type { ReactNode } from 'react';

import { codeSentence, sentence } from '@/api/errors';
import { CodeBlock, languageOf } from '@/shared/CodeBlock';

import type { CodeFrame } from '../contract';
import type { Finding } from '../types';
import { ACTION, placeOf } from './words';

interface Props {
  finding: Finding;
  frame?: CodeFrame;
  /** What was or can be decided about it. */
  children?: ReactNode;
}

/** One finding: where, what, why it matters and what to do instead. */
export function FindingCard({ finding, frame, children }: Props) {
  const { color, label, mark } = ACTION[finding.action];
  const place = placeOf(finding);
  return (
    <Paper p="md" component="article" aria-label={`${finding.title || finding.rule} in ${place}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" align="flex-start">
          <div style={{ minWidth: 0, flex: '1 1 240px' }}>
            <Title order={3} size="h4">
              {finding.title || finding.rule}
            </Title>
            <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
              {place} · {finding.rule}
            </Text>
          </div>
          <Group gap={6}>
            <Badge color={color}>{label}</Badge>
            <Badge color="gray">{finding.severity.toLowerCase()} severity</Badge>
          </Group>
        </Group>
        <Text size="sm">{codeSentence(finding.message)}</Text>
        {frame ? (
          <CodeBlock
            code={frame.lines.join('\n')}
            language={languageOf(frame.file)}
            label={`Code around ${place}`}
            lineNumbers
            firstLine={frame.first_line}
            marks={new Map([[frame.line, mark]])}
            copy={false}
          />
        ) : (
          finding.snippet && (
            <CodeBlock
              code={finding.snippet}
              language={languageOf(finding.file)}
              label={`Code at ${place}`}
              lineNumbers={finding.line > 0}
              firstLine={Math.max(finding.line, 1)}
              marks={new Map([[Math.max(finding.line, 1), mark]])}
              copy={false}
            />
          )
        )}
        {finding.trace && finding.trace.length > 0 && (
          <List size="sm" type="ordered" spacing={2}>
            {finding.trace.map((step) => (
              <List.Item key={`${step.file}:${step.line}:${step.column}`}>
                <Text span size="xs" ff="monospace" c="dimmed">
                  {placeOf(step)}
                </Text>{' '}
                {step.message}
              </List.Item>
            ))}
          </List>
        )}
        {finding.why && (
          <Text size="sm" c="dimmed">
            {sentence(finding.why)}
          </Text>
        )}
        {finding.fix && (
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Lightbulb size={16} aria-hidden style={{ flex: 'none', marginTop: 3 }} />
            <Text size="sm">{sentence(finding.fix)}</Text>
          </Group>
        )}
        {children}
      </Stack>
    </Paper>
  );
}

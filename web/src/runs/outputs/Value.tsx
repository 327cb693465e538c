import { Badge, Button, Group, Text } from '@mantine/core';
import { Download } from 'lucide-react';

import { CopyButton } from '@/shared/CopyButton';
import { download } from '@/shared/download';
import { Facts } from '@/shared/Facts';
import { JsonTree } from '@/shared/JsonTree';
import { Markdown } from '@/shared/Markdown';
import { formatBytes } from '@/shared/numbers';
import { words } from '@/shared/words';

import { dataUrlRead, kindOf, lineOf } from './kind';
import classes from './outputs.module.css';
import { ValueTable } from './ValueTable';

interface Props {
  name: string;
  value: unknown;
  isPlain: boolean;
}

/** One value as its kind is best read. */
export function Value({ name, value, isPlain }: Props) {
  const kind = kindOf(name, value);
  switch (kind) {
    case 'nothing':
      return <Text size="sm" c="dimmed">{value === '' ? 'Empty' : Array.isArray(value) ? 'None' : 'Nothing'}</Text>;
    case 'line':
      return <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{lineOf(value)}</Text>;
    case 'image':
      return isPlain ? <DataFile name={name} url={String(value)} /> : <Picture name={name} url={String(value)} />;
    case 'file':
      return <DataFile name={name} url={String(value)} />;
    case 'markdown':
      return isPlain ? <LongText name={name} text={String(value)} /> : <div className={classes.markdown}><Markdown text={String(value)} firstHeading={3} /></div>;
    case 'text':
      return <LongText name={name} text={String(value)} />;
    case 'list':
      return (
        <Group gap={6}>
          {(value as unknown[]).slice(0, 200).map((item, index) => (
            <Badge key={index} color="gray" size="lg" fw={450} maw="100%">{String(item)}</Badge>
          ))}
        </Group>
      );
    case 'record':
      return <Facts facts={Object.entries(value as object).map(([key, part]) => [words(key), part === null ? '–' : lineOf(part)])} />;
    case 'table':
      return <ValueTable name={name} rows={value as Record<string, unknown>[]} />;
    case 'tree':
      return <div className={classes.tree}><JsonTree value={value} open={1} /></div>;
  }
}

function LongText({ name, text }: { name: string; text: string }) {
  return (
    <div style={{ position: 'relative' }}>
      <div style={{ position: 'absolute', top: 6, right: 14 }}>
        <CopyButton value={text} label={`Copy ${name}`} />
      </div>
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.text} tabIndex={0} role="region" aria-label={words(name)}>
        {text}
      </pre>
    </div>
  );
}

function Picture({ name, url }: { name: string; url: string }) {
  return (
    <Group gap="xs" align="flex-end">
      <img src={url} alt={words(name)} className={classes.image} />
      <DataFile name={name} url={url} />
    </Group>
  );
}

function DataFile({ name, url }: { name: string; url: string }) {
  const blob = dataUrlRead(url);
  if (!blob) return <LongText name={name} text={url} />;
  const ending = blob.type.split('/')[1]?.split('+')[0] ?? 'bin';
  return (
    <Button variant="default" size="xs" leftSection={<Download size={14} aria-hidden />} onClick={() => download(`${name}.${ending}`, blob)}>
      {blob.type}, {formatBytes(blob.size)}
    </Button>
  );
}

import { List, ThemeIcon } from '@mantine/core';
import { Check, type LucideIcon, Minus, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { formatBytes, formatDuration } from '@/shared/numbers';

import { LANGUAGES } from '../explore/labels';
import type { AgentPageData } from '../types';

interface Line {
  key: string;
  icon: LucideIcon;
  color: string;
  text: ReactNode;
}

/** What an agent can reach and use, in plain words: the sandbox's walls, and what its manifest asks for. */
export function Permissions({ agent }: { agent: AgentPageData }) {
  const { runtime } = agent.manifest;
  const asked = agent.capabilities;
  const lines: Line[] = [
    { key: 'network', icon: X, color: 'gray', text: 'No network: what you give it cannot leave the sandbox.' },
    { key: 'files', icon: X, color: 'gray', text: 'No files but its own code and an empty folder that ends with the run.' },
    ...asked.map((name) => ({
      key: name,
      icon: Minus,
      color: 'yellow',
      text:
        name === 'http_request'
          ? 'It asks to send web requests. The platform records that, but grants no run a network yet.'
          : `It asks for ${name}.`,
    })),
    {
      key: 'limits',
      icon: Check,
      color: 'green',
      text: `${LANGUAGES[runtime.language] ?? runtime.language} ${runtime.version}${
        runtime.memory_mb ? `, up to ${formatBytes(runtime.memory_mb * 1_000_000)} of memory` : ''
      }${runtime.timeout_ms ? ` and ${formatDuration(runtime.timeout_ms)} a run` : ''}.`,
    },
  ];
  return (
    <List size="sm" spacing={8} p={0} styles={{ itemWrapper: { alignItems: 'flex-start' }, itemIcon: { marginTop: 2 } }}>
      {lines.map(({ key, icon: Icon, color, text }) => (
        <List.Item
          key={key}
          icon={
            <ThemeIcon size={18} radius="xl" variant="light" color={color} aria-hidden>
              <Icon size={12} />
            </ThemeIcon>
          }
        >
          {text}
        </List.Item>
      ))}
    </List>
  );
}

import { SimpleGrid, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { BoxSelect, CodeXml, FileCheck2, type LucideIcon, WalletCards } from 'lucide-react';
import type { ReactNode } from 'react';

import classes from './Promises.module.css';

interface PromiseOf {
  icon: LucideIcon;
  title: string;
  text: ReactNode;
}

/** What the platform holds to, each line of it enforced by the server. */
const PROMISES: PromiseOf[] = [
  {
    icon: WalletCards,
    title: 'Only success is charged',
    text: 'The price is set aside when a run starts and comes back if it fails, times out or is cancelled.',
  },
  {
    icon: BoxSelect,
    title: 'Sealed off',
    text: 'Agents run without a network and see only their own code and what you give them.',
  },
  {
    icon: FileCheck2,
    title: 'A signed receipt',
    text: 'Every finished run has one. It binds code, inputs, outputs and money, and your browser can verify it.',
  },
  {
    icon: CodeXml,
    title: 'You build agents?',
    text: (
      <>
        Publish yours and be paid for each run that succeeds. <Link to="/sign-up" search={{ as: 'developer' }}>Start publishing</Link>
      </>
    ),
  },
];

export function Promises() {
  return (
    <section aria-labelledby="promises">
      <Title order={2} id="promises" mb="sm">
        How it works
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xl">
        {PROMISES.map(({ icon: Icon, title, text }) => (
          <div key={title} className={classes.item}>
            <Icon size={20} strokeWidth={1.8} aria-hidden className={classes.icon} />
            <Title order={3} size="h4">
              {title}
            </Title>
            <Text size="sm" c="dimmed" component="div" className={classes.text}>
              {text}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </section>
  );
}

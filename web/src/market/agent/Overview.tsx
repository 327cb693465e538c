import { Anchor, Badge, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';

// Not the one that comes later: a page that waits for it shows its largest text some 300 ms late.
import MarkdownRendered from '@/shared/MarkdownRendered';
import { fieldsOf } from '@/shared/schema/types';

import type { AgentPageData } from '../types';
import { FieldList } from './FieldList';
import classes from './Overview.module.css';

/** What it does, what goes in, what comes out. */
export function Overview({ agent }: { agent: AgentPageData }) {
  const inputs = fieldsOf(agent.manifest, 'inputs');
  const outputs = fieldsOf(agent.manifest, 'outputs');
  const text = withoutTitle(agent.long_description ?? '', agent.name);
  return (
    <Stack gap="xl">
      {text !== '' && (
        <Paper p={{ base: 'md', sm: 'xl' }} component="section" aria-label="Description">
          <MarkdownRendered text={text} firstHeading={2} />
        </Paper>
      )}
      <section>
        <Title order={2} mb="sm">
          What goes in
        </Title>
        <FieldList fields={inputs} label="Inputs" empty="It takes no inputs." />
      </section>
      <section>
        <Title order={2} mb="sm">
          What comes out
        </Title>
        <FieldList fields={outputs} label="Outputs" empty="Its manifest promises no outputs by name." isOutput />
      </section>
      {agent.tags.length > 0 && (
        <Group gap={6} role="group" aria-label="Tags">
          {agent.tags.map((tag) => (
            <Link key={tag} to="/explore" search={{ tag }} className={classes.tag}>
              <Badge color="gray" className={classes.badge}>
                {tag}
              </Badge>
            </Link>
          ))}
        </Group>
      )}
      <Text size="xs" c="dimmed">
        For programs:{' '}
        <Anchor href={`/agents/${agent.slug}.md`} size="xs">
          this page as Markdown
        </Anchor>
      </Text>
    </Stack>
  );
}

/** The page's heading says the name already. */
function withoutTitle(text: string, name: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const title = /^#\s+(.*?)\s*#*$/.exec(first)?.[1];
  return title?.toLowerCase() === name.toLowerCase() ? rest.join('\n').trim() : text.trim();
}

import { Badge, Group, Paper, Stack, Text, Title } from '@mantine/core';

import { ButtonLink } from '@/shared/links';
import { Markdown } from '@/shared/Markdown';
import { words } from '@/shared/words';

import type { AgentDetail } from '../types';

/** The listing as users read it. It changes with a version. */
export function ListingCard({ agent }: { agent: AgentDetail }) {
  return (
    <Paper p="lg" component="section" aria-labelledby="listing-title" h="100%">
      <Stack gap="md">
        <div>
          <Title order={2} id="listing-title">
            Listing
          </Title>
          <Text size="sm" c="dimmed">
            Name, description, category and tags are the newest version&rsquo;s: publish one to change them.
          </Text>
        </div>
        <Text size="sm">{agent.description}</Text>
        <Group gap={6}>
          <Badge color="brand">{words(agent.category)}</Badge>
          {agent.tags.map((tag) => (
            <Badge key={tag} color="gray">
              {tag}
            </Badge>
          ))}
        </Group>
        {agent.long_description && <Markdown text={agent.long_description} />}
        <Group>
          <ButtonLink variant="default" to="/studio/publish" search={{ agent: agent.slug }}>
            Publish a new version
          </ButtonLink>
        </Group>
      </Stack>
    </Paper>
  );
}

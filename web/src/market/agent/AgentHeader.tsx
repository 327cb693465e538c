import { Badge, Group, Text, Title, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Star } from 'lucide-react';

import { plural } from '@/shared/numbers';

import { AgentIcon } from '../AgentIcon';
import { categoryLabel } from '../categories';
import { CategoryIcon } from '../CategoryIcon';
import type { AgentPageData, VersionSummary } from '../types';
import classes from './AgentHeader.module.css';
import { ScanBadge } from './ScanBadge';

interface Props {
  agent: AgentPageData;
  versions: VersionSummary[] | undefined;
  onReviews: () => void;
}

/** Who it is, by whom, and what speaks for it. */
export function AgentHeader({ agent, versions, onReviews }: Props) {
  const current = versions?.find((version) => version.version === agent.current_version);
  return (
    <header className={classes.head}>
      <AgentIcon agent={agent} size={64} />
      <div className={classes.text}>
        <Title order={1} className={classes.name}>
          {agent.name}
        </Title>
        <Group gap={14} className={classes.line}>
          <Link to="/explore" search={{ developer: agent.developer.id }} className={classes.quiet}>
            by {agent.developer.name}
            {agent.developer.company ? `, ${agent.developer.company}` : ''}
          </Link>
          <Link to="/explore" search={{ category: agent.category }} className={classes.quiet}>
            <CategoryIcon category={agent.category} size={15} />
            {categoryLabel(agent.category)}
          </Link>
          {agent.review_count > 0 && (
            <UnstyledButton className={classes.quiet} onClick={onReviews}>
              <Star size={15} aria-hidden className={classes.star} />
              {agent.rating.toFixed(1)} from {plural(agent.review_count, 'review')}
            </UnstyledButton>
          )}
        </Group>
        <Text className={classes.what}>{agent.description}</Text>
        <Group gap={6} mt="sm">
          <Badge color="gray">Version {agent.current_version}</Badge>
          <ScanBadge agent={agent} version={current} />
          {agent.status !== 'published' && <Badge color="orange">{agent.status}</Badge>}
        </Group>
      </div>
    </header>
  );
}

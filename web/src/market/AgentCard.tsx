import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Star } from 'lucide-react';

import { formatCompact, formatCount } from '@/shared/numbers';

import classes from './AgentCard.module.css';
import { AgentIcon } from './AgentIcon';
import { freeWords, priceShort } from './price';
import type { AgentSummary } from './types';

/** An agent in a list. The whole card leads to its page; what nobody has said or run yet is left out. */
export function AgentCard({ agent, order = 3 }: { agent: AgentSummary; order?: 2 | 3 }) {
  const free = freeWords(agent);
  const Heading = order === 2 ? 'h2' : 'h3';
  return (
    <article className={classes.card}>
      <div className={classes.top}>
        <AgentIcon agent={agent} />
        <div className={classes.names}>
          <Heading className={classes.name}>
            <Link to="/a/$slug" params={{ slug: agent.slug }} className={classes.link}>
              {agent.name}
            </Link>
          </Heading>
          <div className={classes.figures}>
            <span className={classes.by}>{agent.developer.company ?? agent.developer.name}</span>
            {agent.review_count > 0 && (
              <span className={classes.figure}>
                <Star size={12} aria-hidden className={classes.star} />
                <span className="visually-hidden">Rated </span>
                {agent.rating.toFixed(1)} ({formatCount(agent.review_count)})
              </span>
            )}
            {agent.total_executions > 0 && (
              <span className={classes.figure}>
                {formatCompact(agent.total_executions)} {agent.total_executions === 1 ? 'run' : 'runs'}
              </span>
            )}
          </div>
        </div>
      </div>
      <div className={classes.what}>
        <Text size="sm" inherit lineClamp={3}>
          {agent.description}
        </Text>
      </div>
      <div className={classes.price}>
        <span className={classes.amount}>{priceShort(agent)}</span>
        {free && <span className={classes.free}>{free}</span>}
      </div>
    </article>
  );
}

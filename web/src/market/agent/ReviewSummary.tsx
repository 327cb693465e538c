import { Group, Progress, Rating, Text } from '@mantine/core';

import { formatCount, formatShare, plural } from '@/shared/numbers';

import type { UserReviewList } from '../types';
import classes from './ReviewSummary.module.css';

const STARS = [5, 4, 3, 2, 1];

/** The mean, and how many gave how many stars. */
export function ReviewSummary({ list }: { list: UserReviewList }) {
  return (
    <div className={classes.summary}>
      <div>
        <Text className={classes.mean}>{list.rating.toFixed(1)}</Text>
        <Rating role="img" value={list.rating} fractions={10} readOnly color="var(--app-star)" aria-label={`${list.rating.toFixed(1)} of 5 stars`} />
        <Text size="sm" c="dimmed" mt={4}>
          {plural(list.review_count, 'review')}
        </Text>
      </div>
      <div className={classes.bars}>
        {STARS.map((stars) => {
          const count = list.histogram[String(stars)] ?? 0;
          const share = list.review_count > 0 ? count / list.review_count : 0;
          return (
            <Group key={stars} gap="sm" wrap="nowrap">
              <Text size="xs" className={classes.stars}>
                {plural(stars, 'star')}
              </Text>
              <Progress
                flex={1}
                size="sm"
                value={share * 100}
                color="var(--app-star)"
                aria-label={`${plural(stars, 'star')}: ${formatShare(share)}`}
              />
              <Text size="xs" c="dimmed" className={classes.count}>
                {formatCount(count)}
              </Text>
            </Group>
          );
        })}
      </div>
    </div>
  );
}

import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { formatCount } from '@/shared/numbers';

import { categoryLabel } from '../categories';
import { CategoryIcon } from '../CategoryIcon';
import { categoriesQuery } from '../queries';
import classes from './CategoryList.module.css';

const MOST = 8;
const FEW = 3;

/** The categories that have agents, the fullest first. */
export function CategoryList() {
  const { data, isError } = useQuery(categoriesQuery());
  if (isError && !data) return null;
  const categories = data && [...data.categories].sort((a, b) => b.agents - a.agents).slice(0, MOST);
  return (
    <nav aria-label="Categories" className={classes.list} data-few={(categories && categories.length <= FEW) || undefined} aria-busy={!categories}>
      {categories
        ? categories.map(({ category, agents }) => (
              <Link key={category} to="/explore" search={{ category }} className={classes.item}>
                <span className={classes.icon}>
                  <CategoryIcon category={category} size={18} strokeWidth={1.9} />
                </span>
                <span className={classes.name}>{categoryLabel(category)}</span>
                <span className={classes.count}>
                  {formatCount(agents)}
                  <span className="visually-hidden"> {agents === 1 ? 'agent' : 'agents'}</span>
                </span>
              </Link>
            ))
        : [1, 2, 3, 4].map((index) => <Skeleton key={index} h={56} radius="lg" />)}
    </nav>
  );
}

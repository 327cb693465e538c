import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { formatCount } from '@/shared/numbers';

import { categoryLabel } from '../categories';
import { CategoryIcon } from '../CategoryIcon';
import { categoriesQuery } from '../queries';
import classes from './CategoryList.module.css';

const MOST = 12;

/** The categories that have agents, the fullest first. */
export function CategoryList() {
  const { data, isError } = useQuery(categoriesQuery());
  if (isError && !data) return null;
  const categories = data && [...data.categories].sort((a, b) => b.agents - a.agents).slice(0, MOST);
  return (
    <nav aria-label="Categories" className={classes.list} aria-busy={!categories}>
      {categories
        ? categories.map(({ category, agents }) => (
              <Link key={category} to="/explore" search={{ category }} className={classes.item}>
                <CategoryIcon category={category} size={17} strokeWidth={1.9} className={classes.icon} />
                {categoryLabel(category)}
                <span className={classes.count}>
                  {formatCount(agents)}
                  <span className="visually-hidden"> {agents === 1 ? 'agent' : 'agents'}</span>
                </span>
              </Link>
            ))
        : [120, 150, 110, 140].map((width) => <Skeleton key={width} h={40} w={width} radius="xl" />)}
    </nav>
  );
}

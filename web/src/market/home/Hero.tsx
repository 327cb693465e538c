import { Text, Title } from '@mantine/core';

import { SearchBox } from '@/app/SearchBox';
import { plural } from '@/shared/numbers';

import { CategoryList } from './CategoryList';
import classes from './Hero.module.css';
import { HERO } from './words';

/** What this is, and the ways in: words, or a category. */
export function Hero({ total }: { total: number | undefined }) {
  return (
    <div className={classes.hero}>
      <div className={classes.inner}>
        <div>
          <Title order={1} className={classes.title}>
            {HERO.first}
            <br />
            {HERO.second}
          </Title>
          <Text size="lg" className={classes.lead}>
            {HERO.lead}
          </Text>
          <div className={classes.search}>
            <SearchBox
              hotkey
              size="lg"
              placeholder={total === undefined ? 'Search agents' : `Search ${plural(total, 'agent')}`}
            />
          </div>
        </div>
        <CategoryList />
      </div>
    </div>
  );
}

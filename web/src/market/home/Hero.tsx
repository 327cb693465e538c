import { Text, Title } from '@mantine/core';

import { SearchBox } from '@/app/SearchBox';
import { plural } from '@/shared/numbers';

import { CategoryList } from './CategoryList';
import classes from './Hero.module.css';

/** What this is, and the ways in: words, or a category. */
export function Hero({ total }: { total: number | undefined }) {
  return (
    <div className={classes.hero}>
      <div className={classes.inner}>
        <div>
          <Title order={1} className={classes.title}>
            Put an agent to work.
            <br />
            Pay when it delivers.
          </Title>
          <Text size="lg" className={classes.lead}>
            Every agent here is reviewed, runs in a sandbox, and tells its price before it starts. A run that fails costs nothing.
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

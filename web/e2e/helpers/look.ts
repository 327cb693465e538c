/** Looking at pages: axe for what machines can tell, pictures for people. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const PICTURES = new URL('../../../target/web/', import.meta.url).pathname;

export const VIEWS = {
  light: { colorScheme: 'light', width: 1280, height: 800 },
  dark: { colorScheme: 'dark', width: 1280, height: 800 },
  phone: { colorScheme: 'light', width: 390, height: 844 },
} as const;

export type View = keyof typeof VIEWS;

/** Fails on any violation of WCAG 2.2 A and AA, or of axe's best practices; `rules` are those to look at in place of all. */
export async function axe(page: Page, rules?: string[]): Promise<void> {
  const builder = new AxeBuilder({ page });
  if (rules) builder.withRules(rules);
  else builder.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  const { violations } = await builder.analyze();
  const said = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    where: nodes.slice(0, 4).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
  }));
  expect(said, `axe on ${page.url()}`).toEqual([]);
}

/** The page in each view: quiet, without violations, without sideways scrolling, and as a picture in `target/web/`. */
export async function look(page: Page, name: string, views: readonly View[] = ['light', 'dark', 'phone']): Promise<void> {
  for (const view of views) {
    const { colorScheme, width, height } = VIEWS[view];
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `sideways scrolling of ${name} (${view})`).toBeLessThanOrEqual(0);
    // A picture of the whole page has the header where it stands, so it must stand on top.
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: `${PICTURES}${name}-${view}.png`, fullPage: true });
    // In the dark only colours differ.
    await axe(page, view === 'dark' ? ['color-contrast'] : undefined);
  }
}

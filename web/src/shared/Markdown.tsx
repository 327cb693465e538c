import { Skeleton, Stack } from '@mantine/core';
import { lazy, Suspense } from 'react';

const MarkdownRendered = lazy(() => import('./MarkdownRendered'));

interface Props {
  text: string;
  /** Where its `#` stands among the page's headings. */
  firstHeading?: 2 | 3 | 4;
}

/** Markdown by somebody else: sanitised, nothing of it loaded from other hosts. */
export function Markdown({ text, firstHeading = 3 }: Props) {
  return (
    <Suspense
      fallback={
        <Stack gap={8}>
          <Skeleton h={14} w="92%" />
          <Skeleton h={14} w="97%" />
          <Skeleton h={14} w="64%" />
        </Stack>
      }
    >
      <MarkdownRendered text={text} firstHeading={firstHeading} />
    </Suspense>
  );
}

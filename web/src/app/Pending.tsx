import { Skeleton, Stack } from '@mantine/core';

import { Page } from '@/shared/Page';

/** Stands for a page whose code is on its way. Pages with a shape of their own bring their own. */
export function Pending() {
  return (
    <Page aria-busy="true">
      <Stack gap="md">
        <Skeleton h={34} w={260} />
        <Skeleton h={18} w="60%" />
        <Skeleton h={320} mt="md" radius="lg" />
      </Stack>
    </Page>
  );
}

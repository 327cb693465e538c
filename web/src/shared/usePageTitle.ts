import { useEffect } from 'react';

/** The title of the tab. Counts and states belong in front: "(2) Runs". */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · FrameOS` : 'FrameOS';
  }, [title]);
}

import { Modal } from '@mantine/core';

import { SearchBox } from './SearchBox';

/** The search where the header has no room for it. */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Search agents" fullScreen>
      <SearchBox isInline onDone={onClose} size="md" />
    </Modal>
  );
}

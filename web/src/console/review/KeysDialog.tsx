import { Kbd, Modal, Table } from '@mantine/core';

const KEYS = [
  ['j', 'Next finding'],
  ['k', 'Previous finding'],
  ['c', 'Accept the finding'],
  ['a', 'Approve the version'],
  ['r', 'Reject the version'],
  ['Ctrl Enter', 'Send the decision'],
  ['?', 'This list'],
];

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} title="Keys" size="sm">
      <Table aria-label="Keys of the workbench">
        <Table.Tbody>
          {KEYS.map(([key, does]) => (
            <Table.Tr key={key}>
              <Table.Td w={120}>
                <Kbd>{key}</Kbd>
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

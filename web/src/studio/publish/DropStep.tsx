import { Alert, Button, Code, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import '@mantine/dropzone/styles.layer.css';
import { useFileDialog } from '@mantine/hooks';
import { CircleAlert, FileArchive, FolderOpen, FolderUp } from 'lucide-react';
import { useState } from 'react';

import { formatBytes, plural } from '@/shared/numbers';

import { type Bundle, BundleError, bundlePack, bundleTake, type PickedFile } from './bundle';
import { TarError } from './tar';

interface Props {
  bundle: Bundle | null;
  onTake: (bundle: Bundle) => void;
  onGoOn: () => void;
}

/** Where a file lay in what was dropped or picked. */
function pathOf(file: File): string {
  const { path, relativePath } = file as File & { path?: string; relativePath?: string };
  return file.webkitRelativePath || relativePath || path || file.name;
}

export function DropStep({ bundle, onTake, onGoOn }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const take = async (files: File[]) => {
    const [only] = files;
    setProblem(null);
    setBusy(true);
    try {
      const isArchive = files.length === 1 && only !== undefined && /\.(tar\.gz|tgz)$/i.test(only.name);
      const picked: PickedFile[] = files.map((file) => ({ path: pathOf(file), file }));
      onTake(isArchive ? await bundleTake(only.name, only) : await bundlePack(picked));
    } catch (error) {
      const isTold = error instanceof BundleError || error instanceof TarError;
      setProblem(isTold ? error.message : 'These files could not be read. Were they moved or changed meanwhile?');
    } finally {
      setBusy(false);
    }
  };
  const onPicked = (files: FileList | null) => files && files.length > 0 && void take([...files]);
  const folder = useFileDialog({ directory: true, resetOnOpen: true, onChange: onPicked });
  const archive = useFileDialog({ multiple: false, accept: '.gz,.tgz', resetOnOpen: true, onChange: onPicked });

  return (
    <Stack gap="lg">
      {problem && (
        <Alert color="red" role="alert" icon={<CircleAlert size={18} aria-hidden />} title="This cannot be published">
          {problem}
        </Alert>
      )}
      <Dropzone
        onDrop={(files) => void take(files)}
        loading={isBusy}
        activateOnClick={false}
        enablePointerEvents
        inputProps={{ 'aria-label': 'Files of the agent' }}
        radius="lg"
        p="xl"
        tabIndex={-1}
      >
        <Stack align="center" gap="sm" py="xl">
          <FolderUp size={40} strokeWidth={1.5} aria-hidden />
          <Title order={2} size="h3" ta="center">
            Drop your agent&rsquo;s folder or its tar.gz here
          </Title>
          <Text size="sm" c="dimmed" ta="center" maw={460}>
            A folder is packed in your browser. At most 10 MB packed, 50 MB unpacked, 2,000 files.
          </Text>
          <Group justify="center" gap="xs" mt="xs">
            <Button leftSection={<FolderOpen size={16} aria-hidden />} onClick={folder.open}>
              Choose a folder
            </Button>
            <Button variant="default" leftSection={<FileArchive size={16} aria-hidden />} onClick={archive.open}>
              Choose a tar.gz
            </Button>
          </Group>
        </Stack>
      </Dropzone>
      {bundle && (
        <Paper p="md">
          <Group justify="space-between">
            <div>
              <Text fw={550}>{bundle.name}</Text>
              <Text size="sm" c="dimmed">
                {plural(bundle.files.length, 'file')}, {formatBytes(bundle.packed.length)} packed
              </Text>
            </div>
            <Button onClick={onGoOn}>Go on with this</Button>
          </Group>
        </Paper>
      )}
      <Paper p="lg">
        <Title order={2} size="h4" mb={6}>
          What belongs in it
        </Title>
        <List size="sm" spacing={4}>
          <List.Item>
            <Code>manifest.json</Code> at its root: name, price, inputs and outputs. Without one, you fill it in next.
          </List.Item>
          <List.Item>
            The program: <Code>main.py</Code> (Python 3.11 or newer) or <Code>index.js</Code> (Node.js 20).
          </List.Item>
          <List.Item>
            Its dependencies: <Code>node_modules/</Code>, or Python packages beside the program. Nothing is installed when it runs.
          </List.Item>
          <List.Item>
            <Code>.git</Code>, caches and <Code>.env</Code> stay behind.
          </List.Item>
        </List>
      </Paper>
    </Stack>
  );
}

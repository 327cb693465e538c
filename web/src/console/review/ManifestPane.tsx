import { List, Stack, Text, Title } from '@mantine/core';

import { priceShort } from '@/market/price';
import { CodeBlock } from '@/shared/CodeBlock';
import { formatBytes, formatDuration } from '@/shared/numbers';
import { fieldsOf } from '@/shared/schema';
import { typesOf } from '@/shared/schema/types';
import { abilityWords } from '@/studio/scan/words';
import type { AgentDetail } from '@/studio/types';

import type { VersionForReview } from '../types';

/** What the version asks for, in plain words, and its manifest. */
export function ManifestPane({ manifest }: { manifest: VersionForReview['manifest'] }) {
  const { runtime, capabilities = [], pricing } = manifest;
  const [inputs, outputs] = [fieldsOf(manifest, 'inputs'), fieldsOf(manifest, 'outputs')];
  const language = runtime.language === 'nodejs' ? 'Node.js' : 'Python';
  const price = pricing && {
    pricing: pricing as AgentDetail['pricing'],
    pricing_model: pricing.model ?? 'per_execution',
    price_amount: pricing.amount ?? pricing.max_amount ?? 0,
    price_currency: pricing.currency ?? 'INR',
    free_runs_per_month: pricing.free_runs_per_month ?? 0,
  };
  return (
    <Stack gap="md" px={4}>
      <List size="sm" spacing={4}>
        <List.Item>
          It runs {runtime.entrypoint ?? 'its program'} in {language} {runtime.version}
          {runtime.timeout_ms && `, for ${formatDuration(runtime.timeout_ms)} at most`}
          {runtime.memory_mb && `, in ${formatBytes(runtime.memory_mb * 1_000_000)} of memory`}.
        </List.Item>
        {capabilities.length === 0 ? (
          <List.Item>It asks for no capability: no network, no files but its own.</List.Item>
        ) : (
          capabilities.map((name) => <List.Item key={name}>It wants to {abilityWords(name)}.</List.Item>)
        )}
        {inputs.some((input) => input.secret) && (
          <List.Item>
            It takes secrets:{' '}
            {inputs
              .filter((input) => input.secret)
              .map((input) => input.name)
              .join(', ')}
            .
          </List.Item>
        )}
        {price && <List.Item>It costs {priceShort(price)}.</List.Item>}
      </List>
      <Fields title="Takes" fields={inputs} />
      <Fields title="Gives" fields={outputs} />
      <CodeBlock code={JSON.stringify(manifest, null, 2)} language="json" label="the manifest" maxHeight={360} />
    </Stack>
  );
}

function Fields({ title, fields }: { title: string; fields: ReturnType<typeof fieldsOf> }) {
  return (
    <div>
      <Title order={3} size="h4">
        {title}
      </Title>
      {fields.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing
        </Text>
      ) : (
        <List size="sm">
          {fields.map(({ name, required, schema }) => (
            <List.Item key={name}>
              <Text span size="sm" ff="monospace">
                {name}
              </Text>{' '}
              <Text span size="sm" c="dimmed">
                {typesOf(schema).join(' or ')}
                {required && ', required'}
              </Text>
            </List.Item>
          ))}
        </List>
      )}
    </div>
  );
}

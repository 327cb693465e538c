import { Autocomplete, Group, Input, Stack, TagsInput, Textarea, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { sentence } from '@/api/errors';
import { categoriesQuery } from '@/market/queries';

import { PriceFields } from '../agents/PriceFields';
import { CURRENCY } from '../types';
import { type ManifestObject, manifestWith, pricingIn, textIn, textsIn } from './manifest';

interface Props {
  manifest: ManifestObject;
  errors: { path: string | null; message: string }[];
  isVersion: boolean;
  onChange: (manifest: ManifestObject) => void;
}

/** The part of a manifest that the marketplace shows, as fields. */
export function ListingFields({ manifest, errors, isVersion, onChange }: Props) {
  const categories = useQuery(categoriesQuery());
  const set = (key: string) => (value: unknown) => onChange(manifestWith(manifest, key, value));
  const typed = (key: string) => ({
    value: textIn(manifest, key),
    error: errorOf(key),
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => set(key)(value),
  });
  function errorOf(key: string): string | undefined {
    const found = errors.find(({ path }) => path === `$.${key}` || path?.startsWith(`$.${key}[`));
    return found && sentence(found.message);
  }
  const priceErrors = errors.filter(({ path }) => path?.startsWith('$.pricing'));
  return (
    <Stack gap="md">
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <TextInput label="Name" withAsterisk maxLength={100} {...typed('name')} style={{ flex: '2 1 200px' }} />
        <TextInput label="Version" withAsterisk placeholder="1.0.0" {...typed('version')} style={{ flex: '1 1 120px' }} />
      </Group>
      <TextInput
        label="Slug"
        description={isVersion ? 'An agent keeps its slug.' : 'Its address: lower-case letters, digits and hyphens. Yours for good.'}
        withAsterisk={!isVersion}
        {...typed('slug')}
      />
      <Textarea label="Description" description="A sentence or two, in the list of agents." withAsterisk minRows={2} {...typed('description')} />
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <Autocomplete
          label="Category"
          withAsterisk
          size="sm"
          data={categories.data?.categories.map(({ category }) => category) ?? []}
          value={textIn(manifest, 'category')}
          error={errorOf('category')}
          onChange={set('category')}
          style={{ flex: '1 1 180px' }}
        />
        <TagsInput
          label="Tags"
          placeholder="Add with Enter"
          value={textsIn(manifest, 'tags')}
          error={errorOf('tags')}
          onChange={set('tags')}
          style={{ flex: '2 1 240px' }}
        />
      </Group>
      <Textarea
        label="Long description"
        description="Markdown, on the agent’s page: what it does, for whom, with examples."
        minRows={5}
        {...typed('long_description')}
      />
      <TextInput label="Icon" description="The https address of a square picture, for programs that list agents. These pages show initials: they load nothing from other hosts." placeholder="https://…" {...typed('icon_url')} />
      <div>
        <Title order={2} size="h4" mb="sm">
          Price
        </Title>
        <PriceFields
          value={pricingIn(manifest) ?? { model: 'per_execution', currency: CURRENCY }}
          onChange={(pricing) => set('pricing')(withoutNothing(pricing))}
        />
        {priceErrors.map(({ path, message }) => (
          <Input.Error key={path} mt={6}>
            {sentence(message)}
          </Input.Error>
        ))}
      </div>
    </Stack>
  );
}

function withoutNothing(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null));
}

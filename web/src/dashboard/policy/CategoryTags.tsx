import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { categoriesQuery } from '@/market/queries';

interface Props {
  label: string;
  value: string[];
  onChange: (value: string[]) => void;
  error: string | undefined;
}

/** Categories, those that there are first; one that comes later may be named already. */
export function CategoryTags({ label, value, onChange, error }: Props) {
  const { data } = useQuery(categoriesQuery());
  return (
    <TagsInput
      label={label}
      placeholder={value.length === 0 ? 'Choose or type one' : undefined}
      value={value}
      onChange={onChange}
      data={(data?.categories ?? []).map(({ category }) => category)}
      error={error}
      comboboxProps={{ shadow: 'md' }}
      acceptValueOnBlur={false}
    />
  );
}

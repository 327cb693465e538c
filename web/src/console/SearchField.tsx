import { CloseButton, TextInput, type TextInputProps } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { Search } from 'lucide-react';
import { useState } from 'react';

interface Props extends Omit<TextInputProps, 'value' | 'onChange'> {
  label: string;
  value: string | undefined;
  onSearch: (text: string | undefined) => void;
}

/** Searches while typing. */
export function SearchField({ label, value, onSearch, ...rest }: Props) {
  const [typed, setTyped] = useState(value ?? '');
  const search = useDebouncedCallback((text: string) => onSearch(text.trim() || undefined), 300);
  const set = (text: string) => {
    setTyped(text);
    search(text);
  };
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      w={{ base: '100%', xs: 280 }}
      leftSection={<Search size={15} aria-hidden />}
      rightSection={typed && <CloseButton size="sm" aria-label={`Clear: ${label}`} onClick={() => set('')} />}
      {...rest}
      value={typed}
      onChange={({ currentTarget: { value: text } }) => set(text)}
    />
  );
}

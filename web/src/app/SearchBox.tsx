import { Combobox, Kbd, Loader, type MantineSize, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useRef, useState } from 'react';

import { agentsQuery } from '@/market/queries';
import { priceShort } from '@/market/price';
import type { AgentSummary } from '@/market/types';
import { useSearchKey } from '@/shared/useSearchKey';

import classes from './SearchBox.module.css';

interface Props {
  /** Whether "/" and Ctrl+K lead here. */
  hotkey?: boolean;
  size?: MantineSize;
  placeholder?: string;
  /** What is found stands below the field rather than over the page: for where the field has all the room. */
  isInline?: boolean;
  onDone?: () => void;
}

/** Search as you type: agents at once, the whole list on Enter. */
export function SearchBox({ hotkey = false, size = 'sm', placeholder = 'Search agents', isInline = false, onDone }: Props) {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(text.trim(), 90);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const { data, isFetching } = useQuery({
    ...agentsQuery({ search: asked, limit: 6 }),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  });
  useSearchKey(input, hotkey);

  const done = () => {
    combobox.closeDropdown();
    input.current?.blur();
    setText('');
    onDone?.();
  };
  const searchAll = () => {
    if (text.trim() === '') return;
    void navigate({ to: '/explore', search: { search: text.trim() } });
    done();
  };
  const choose = (value: string) => {
    if (value === '') return searchAll();
    void navigate({ to: '/a/$slug', params: { slug: value } });
    done();
  };
  const found = asked === '' ? [] : (data?.agents ?? []);

  const Target = isInline ? Combobox.EventsTarget : Combobox.Target;

  return (
    <Combobox store={combobox} onOptionSubmit={choose} shadow="md" withinPortal>
      <Target>
        <TextInput
          ref={input}
          size={size}
          type="search"
          aria-label="Search agents"
          placeholder={placeholder}
          value={text}
          leftSection={<Search size={16} aria-hidden />}
          rightSection={isFetching ? <Loader size={14} /> : hotkey && text === '' ? <Kbd size="xs" className={classes.hint} aria-hidden>/</Kbd> : null}
          rightSectionPointerEvents="none"
          data-autofocus={hotkey ? undefined : true}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.openDropdown();
            combobox.resetSelectedOption();
          }}
          onFocus={() => text !== '' && combobox.openDropdown()}
          onBlur={() => !isInline && combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && combobox.getSelectedOptionIndex() === -1) {
              event.preventDefault();
              searchAll();
            }
            if (event.key === 'Escape' && !combobox.dropdownOpened) input.current?.blur();
          }}
        />
      </Target>
      {isInline ? (
        text.trim() !== '' && <Found agents={found} text={text.trim()} />
      ) : (
        <Combobox.Dropdown hidden={text.trim() === ''}>
          <Found agents={found} text={text.trim()} />
        </Combobox.Dropdown>
      )}
    </Combobox>
  );
}

function Found({ agents, text }: { agents: AgentSummary[]; text: string }) {
  return (
    <Combobox.Options aria-label="Agents found">
      {agents.map((agent) => (
        <Combobox.Option value={agent.slug} key={agent.slug}>
          <div className={classes.option}>
            <Text size="sm" fw={550} truncate>
              {agent.name}
            </Text>
            <Text size="xs" c="dimmed" className={classes.price}>
              {priceShort(agent)}
            </Text>
            <Text size="xs" c="dimmed" truncate className={classes.what}>
              {agent.description}
            </Text>
          </div>
        </Combobox.Option>
      ))}
      <Combobox.Option value="">
        <Text size="sm">
          Search for <b>{text}</b>
        </Text>
      </Combobox.Option>
    </Combobox.Options>
  );
}

import { ActionIcon, Button, Fieldset, Group, NumberInput, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';

import { formatMoney } from '@/shared/money';

import { CURRENCY, type PricingForm } from '../types';
import { MoneyField } from './MoneyField';

const MODELS = [
  { value: 'per_execution', label: 'Per run' },
  { value: 'free_tier', label: 'Free runs, then per run' },
  { value: 'pay_per_use', label: 'Metered: by what a run counts' },
  { value: 'subscription', label: 'Subscription: by the month' },
];

interface Props {
  value: PricingForm;
  onChange: (value: PricingForm) => void;
  disabled?: boolean;
}

/** A price, in the form of a manifest's `pricing`. */
export function PriceFields({ value, onChange, disabled }: Props) {
  const model = value.model ?? 'per_execution';
  const set = (part: Partial<PricingForm>) => onChange({ ...value, ...part });
  return (
    <Stack gap="sm">
      <Select
        label="Pricing model"
        data={MODELS}
        value={model}
        disabled={disabled}
        onChange={(next) => onChange(modelStart(next as NonNullable<PricingForm['model']>, value))}
      />
      {(model === 'per_execution' || model === 'free_tier') && (
        <Group grow align="flex-start">
          <MoneyField
            label="Price of a run"
            description="0 is free"
            value={value.amount}
            disabled={disabled}
            onChange={(amount) => set({ amount })}
          />
          <NumberInput
            label="Free runs a month"
            description="For each user"
            min={0}
            max={100_000}
            allowDecimal={false}
            disabled={disabled}
            value={value.free_runs_per_month ?? ''}
            onChange={(runs) => set({ free_runs_per_month: runs === '' ? undefined : Number(runs) })}
          />
        </Group>
      )}
      {model === 'subscription' && (
        <Group grow align="flex-start">
          <MoneyField
            label="Price of a month"
            description="Charged in advance"
            value={value.amount}
            disabled={disabled}
            onChange={(amount) => set({ amount })}
          />
          <NumberInput
            label="Runs a month"
            description="Empty: as many as they like"
            min={1}
            allowDecimal={false}
            disabled={disabled}
            value={value.runs_per_month ?? ''}
            onChange={(runs) => set({ runs_per_month: runs === '' ? undefined : Number(runs) })}
          />
        </Group>
      )}
      {model === 'pay_per_use' && <Metered value={value} onChange={onChange} disabled={disabled} />}
      <Share value={value} />
    </Stack>
  );
}

function Metered({ value, onChange, disabled }: Props) {
  const events = Object.entries(value.events ?? {});
  const setEvents = (next: typeof events) => onChange({ ...value, events: Object.fromEntries(next) });
  const fresh = () => {
    let number = events.length + 1;
    while (events.some(([name]) => name === `event_${number}`)) number += 1;
    return `event_${number}`;
  };
  return (
    <>
      <Group grow align="flex-start">
        <MoneyField
          label="Most a run can cost"
          description="Held while it runs"
          value={value.max_amount}
          disabled={disabled}
          onChange={(max_amount) => onChange({ ...value, max_amount })}
        />
        <MoneyField
          label="Start fee"
          description="Of every run that succeeds"
          value={value.start_fee}
          disabled={disabled}
          onChange={(start_fee) => onChange({ ...value, start_fee: start_fee ?? undefined })}
        />
      </Group>
      <Fieldset legend="What is counted" variant="unstyled">
        <Stack gap="xs">
          {events.map(([name, event], index) => (
            <Group key={index} gap="xs" align="flex-end" wrap="nowrap">
              <TextInput
                label="Event"
                value={name}
                disabled={disabled}
                onChange={({ currentTarget: { value: typed } }) =>
                  setEvents(events.map((entry, at) => (at === index ? [typed, event] : entry)))
                }
                style={{ flex: 2 }}
              />
              <MoneyField
                label="Price of one"
                value={event.unit_price}
                disabled={disabled}
                onChange={(price) =>
                  setEvents(events.map((entry, at) => (at === index ? [name, { ...event, unit_price: price ?? 0 }] : entry)))
                }
                style={{ flex: 1 }}
              />
              <Tooltip label={`Remove ${name}`}>
                <ActionIcon
                  size={36}
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove ${name}`}
                  disabled={disabled}
                  onClick={() => setEvents(events.filter((_, at) => at !== index))}
                >
                  <Trash2 size={16} aria-hidden />
                </ActionIcon>
              </Tooltip>
            </Group>
          ))}
          <Button
            variant="default"
            size="xs"
            leftSection={<Plus size={14} aria-hidden />}
            disabled={disabled}
            onClick={() => setEvents([...events, [fresh(), { unit_price: 100 }]])}
            style={{ alignSelf: 'flex-start' }}
          >
            Add an event
          </Button>
        </Stack>
      </Fieldset>
    </>
  );
}

/** 70 % of what users pay is the developer's (docs/publishing.md). */
function Share({ value }: { value: PricingForm }) {
  const amount = value.model === 'pay_per_use' ? value.max_amount : value.amount;
  if (!amount) return null;
  const share = formatMoney(Math.floor((amount * 70) / 100), CURRENCY);
  const of = { subscription: 'each month that is paid', pay_per_use: 'a run that reaches the maximum' };
  return (
    <Text size="xs" c="dimmed">
      You earn 70 %: {share} of {value.model === 'subscription' || value.model === 'pay_per_use' ? of[value.model] : 'each paid run'}.
    </Text>
  );
}

/** What another model begins with: what both have is kept. */
function modelStart(model: NonNullable<PricingForm['model']>, before: PricingForm): PricingForm {
  const amount = before.amount ?? before.max_amount ?? 100;
  const base = { model, currency: before.currency ?? CURRENCY };
  switch (model) {
    case 'per_execution':
      return { ...base, amount };
    case 'free_tier':
      return { ...base, amount, free_runs_per_month: before.free_runs_per_month || 5 };
    case 'pay_per_use':
      return { ...base, max_amount: amount, start_fee: 0, events: before.events ?? { item: { unit_price: 100 } } };
    default:
      return { ...base, amount, runs_per_month: before.runs_per_month ?? undefined };
  }
}

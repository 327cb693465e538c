import { NumberInput, type NumberInputProps } from '@mantine/core';

import { minorDigits, parseMoney } from '@/shared/money';

import { CURRENCY } from '../types';

interface Props extends Omit<NumberInputProps, 'value' | 'onChange'> {
  /** Minor units; null while the field is empty. */
  value: number | null | undefined;
  onChange: (minor: number | null) => void;
}

/** An amount in rupees and paise, kept in paise. */
export function MoneyField({ value, onChange, ...rest }: Props) {
  const digits = minorDigits(CURRENCY);
  return (
    <NumberInput
      prefix="₹"
      min={0}
      max={100_000}
      clampBehavior="none"
      decimalScale={digits}
      allowNegative={false}
      thousandSeparator=","
      thousandsGroupStyle="lakh"
      hideControls
      {...rest}
      value={value === null || value === undefined ? '' : value / 10 ** digits}
      onChange={(typed) => onChange(typed === '' ? null : parseMoney(typed, CURRENCY))}
    />
  );
}

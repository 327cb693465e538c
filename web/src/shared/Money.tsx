import { formatMoney } from './money';

interface Props {
  /** Minor units. */
  amount: number;
  currency: string;
  short?: boolean;
  signed?: boolean;
}

/** An amount, in figures of one width. */
export function Money({ amount, currency, short, signed }: Props) {
  return <span className="tabular">{formatMoney(amount, currency, { short, signed })}</span>;
}

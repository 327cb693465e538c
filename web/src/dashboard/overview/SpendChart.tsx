import '@mantine/charts/styles.layer.css';

// eslint-disable-next-line no-restricted-imports
import { BarChart } from '@mantine/charts';
import { Text } from '@mantine/core';

import { formatMoney, minorDigits } from '@/shared/money';

import type { Day } from './spend';

const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** Spending by day. The same figures are a table for those who cannot see it. */
export default function SpendChart({ days, currency }: { days: Day[]; currency: string }) {
  const data = days.map(({ day, amount }) => ({ day: short.format(new Date(`${day}T00:00:00Z`)), amount }));
  const isEmpty = days.every(({ amount }) => amount === 0);
  const unit = 10 ** minorDigits(currency);
  return (
    <figure style={{ margin: 0 }}>
      {/* A picture of the table below it. */}
      <div inert>
        <BarChart
          h={240}
          data={data}
          dataKey="day"
          series={[{ name: 'amount', label: 'Spent', color: 'brand.6' }]}
          valueFormatter={(amount) => formatMoney(amount, currency, { short: true })}
          tickLine="none"
          gridAxis="x"
          withTooltip={false}
          maxBarWidth={22}
          xAxisProps={{ interval: 'preserveStartEnd', minTickGap: 24 }}
          yAxisProps={{ width: 64, allowDecimals: false, domain: [0, (most: number) => Math.max(most, unit)] }}
          barProps={{ isAnimationActive: false, radius: [3, 3, 0, 0] }}
        />
      </div>
      {isEmpty && (
        <Text size="sm" c="dimmed" ta="center" component="figcaption">
          Nothing was spent in these days.
        </Text>
      )}
      <table className="visually-hidden">
        <caption>Spent by day</caption>
        <tbody>
          {data.filter(({ amount }) => amount !== 0).map(({ day, amount }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{formatMoney(amount, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

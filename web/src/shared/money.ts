/** Money as people read it. Amounts are integers of minor units, as everywhere in the API; no sum is made with fractions. */

const formats = new Map<string, Intl.NumberFormat>();

function format(currency: string, fraction: number | undefined, locale: string | undefined): Intl.NumberFormat {
  const key = `${locale ?? ''}/${currency}/${fraction ?? ''}`;
  let found = formats.get(key);
  if (!found) {
    const digits = fraction === undefined ? {} : { minimumFractionDigits: fraction, maximumFractionDigits: fraction };
    found = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits });
    formats.set(key, found);
  }
  return found;
}

/** How many digits the minor unit has: 2 for INR, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  try {
    return format(currency, undefined, 'en').resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

interface Options {
  /** Leaves out `.00`: for prices in running text, not for columns. */
  short?: boolean;
  /** Writes `+` before what comes in. */
  signed?: boolean;
  /** The reader's when left out. */
  locale?: string;
}

/** `1050` INR is `₹10.50`, `30` INR is `₹0.30`. */
export function formatMoney(minor: number, currency: string, options: Options = {}): string {
  const digits = minorDigits(currency);
  const isWhole = minor % 10 ** digits === 0;
  const fraction = options.short && isWhole ? 0 : digits;
  let text: string;
  try {
    text = format(currency, fraction, options.locale).format(minor / 10 ** digits);
  } catch {
    text = `${(minor / 10 ** digits).toFixed(fraction)} ${currency}`;
  }
  return options.signed && minor > 0 ? `+${text}` : text;
}

/** What was typed into a field for money, in minor units; `null` when it is no amount. */
export function parseMoney(text: string | number, currency: string): number | null {
  const digits = minorDigits(currency);
  const plain = String(text).replace(/[\s,\u00a0\u202f₹$€£¥]/g, '');
  const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(plain);
  if (!match) return null;
  const fraction = match[2] ?? '';
  if (fraction.length > digits) return null;
  return Number(match[1] + fraction.padEnd(digits, '0'));
}

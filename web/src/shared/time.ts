/** Points in time as people read them: near ones relative, all of them absolute on a closer look. */

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [7, 'day'],
  [4.345, 'week'],
  [12, 'month'],
  [Number.POSITIVE_INFINITY, 'year'],
];

export function formatRelative(at: string | number | Date, now: number = Date.now()): string {
  let value = (new Date(at).getTime() - now) / 1000;
  if (Math.abs(value) < 5) return 'just now';
  for (const [size, unit] of STEPS) {
    if (Math.abs(Math.round(value)) < size) return relative.format(Math.round(value), unit);
    value /= size;
  }
  return absolute.format(new Date(at));
}

export const formatAbsolute = (at: string | number | Date): string => absolute.format(new Date(at));
export const formatDay = (at: string | number | Date): string => day.format(new Date(at));
export const formatClock = (at: string | number | Date): string => clock.format(new Date(at));

/** How everything looks: one theme, light and dark. Components get their defaults here, so that pages need not say them. */
import { createTheme, type CSSVariablesResolver, type MantineSize } from '@mantine/core';

import { blue, brand, dark, gray, green, orange, red, yellow } from './colors';

const FONT = "'Inter Variable', 'Inter Fallback', system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const MONO = "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace";

const small = { size: 'sm' as MantineSize };

/** Dialogs: a name for their button, and no second banner for those who go by landmarks. */
const dialog = { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } };

export const theme = createTheme({
  colors: { brand, red, green, blue, yellow, orange, gray, dark },
  primaryColor: 'brand',
  // White text on shade 6 is AA in both schemes; Mantine's own choice of black or white looks at one of them only.
  primaryShade: 6,
  black: '#171c20',
  fontFamily: FONT,
  fontFamilyMonospace: MONO,
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '0.9375rem', lg: '1.0625rem', xl: '1.25rem' },
  lineHeights: { xs: '1.45', sm: '1.5', md: '1.55', lg: '1.55', xl: '1.5' },
  headings: {
    fontFamily: FONT,
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.75rem', lineHeight: '1.25' },
      h2: { fontSize: '1.25rem', lineHeight: '1.35' },
      h3: { fontSize: '1.0625rem', lineHeight: '1.4' },
      h4: { fontSize: '0.9375rem', lineHeight: '1.45' },
    },
  },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // Plain objects rather than `Button.extend(…)`: those would load every component named here with the first page.
  components: {
    Anchor: { defaultProps: { underline: 'hover' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 550 } },
    Button: { defaultProps: small, styles: { label: { fontWeight: 550 } } },
    Drawer: { defaultProps: dialog },
    Modal: { defaultProps: { ...dialog, centered: true, overlayProps: { backgroundOpacity: 0.5, blur: 2 } } },
    NavLink: { styles: { root: { borderRadius: 'var(--mantine-radius-md)' } } },
    NumberInput: { defaultProps: small },
    Paper: { defaultProps: { withBorder: true, radius: 'lg' }, vars: () => ({ root: { '--paper-border-color': 'var(--app-line)' } }) },
    PasswordInput: { defaultProps: small },
    SegmentedControl: { defaultProps: small },
    Select: { defaultProps: { ...small, allowDeselect: false, comboboxProps: { shadow: 'md' } } },
    Skeleton: { defaultProps: { radius: 'sm' } },
    Switch: { defaultProps: small },
    Table: { defaultProps: { verticalSpacing: 'xs', horizontalSpacing: 'md' } },
    Tabs: { defaultProps: { keepMounted: false } },
    // A closed list that is mounted is measured, which lays out the page in the middle of its first rendering.
    Combobox: { defaultProps: { keepMounted: false } },
    TagsInput: { defaultProps: small },
    Textarea: { defaultProps: { ...small, autosize: true, minRows: 3, maxRows: 16 } },
    TextInput: { defaultProps: small },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: false } } },
  },
});

const TINTED = ['brand', 'red', 'green', 'blue', 'yellow', 'orange', 'gray'];

/** The tints of badges and boxes on dark surfaces; Mantine's own nearly vanish on ours. */
const darkTints = Object.fromEntries(
  TINTED.flatMap((name) => [
    [`--mantine-color-${name}-light`, `color-mix(in srgb, var(--mantine-color-${name}-4) 17%, var(--mantine-color-body))`],
    [`--mantine-color-${name}-light-hover`, `color-mix(in srgb, var(--mantine-color-${name}-4) 24%, var(--mantine-color-body))`],
    [`--mantine-color-${name}-light-color`, `var(--mantine-color-${name}-2)`],
  ]),
);

/** Surfaces and quiet text. `--app-canvas` lies behind the cards. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#171c20',
    '--mantine-color-dimmed': '#58626c',
    '--mantine-color-placeholder': '#6b757f',
    '--mantine-color-anchor': 'var(--mantine-color-brand-6)',
    '--mantine-color-error': 'var(--mantine-color-red-6)',
    '--mantine-color-default-border': '#dde1e5',
    '--app-canvas': '#f7f8f8',
    '--app-sunken': '#f2f4f5',
    '--app-line': '#e6e9ec',
    '--app-hover': '#f3f5f6',
    '--app-control-line': '#8b949d',
    '--app-star': '#b5850c',
    '--app-focus': 'var(--mantine-color-brand-6)',
  },
  dark: {
    ...darkTints,
    '--mantine-color-body': '#15191d',
    '--mantine-color-text': '#e6eaed',
    '--mantine-color-dimmed': '#9ea8b1',
    '--mantine-color-placeholder': '#87929c',
    '--mantine-color-anchor': 'var(--mantine-color-brand-3)',
    '--mantine-color-error': 'var(--mantine-color-red-3)',
    '--mantine-color-default': '#1c2126',
    '--mantine-color-default-hover': '#232930',
    '--mantine-color-default-border': '#2f373e',
    '--app-canvas': '#0e1113',
    '--app-sunken': '#1b2025',
    '--app-line': '#262d33',
    '--app-hover': '#1d2328',
    '--app-control-line': '#6b7681',
    '--app-star': '#e3b02b',
    '--app-focus': 'var(--mantine-color-brand-3)',
  },
});

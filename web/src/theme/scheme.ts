/** Light or dark, as chosen or as the system has it. `public/boot.js` reads the same key before the first paint. */
import { localStorageColorSchemeManager } from '@mantine/core';

export const schemeManager = localStorageColorSchemeManager({ key: 'frameos.scheme' });

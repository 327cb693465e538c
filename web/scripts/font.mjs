// Makes the fonts of the UI from Inter: Latin letters in the weights that are used, and the rupee sign. What comes out is
// committed; run this again after a change to the letters or weights below.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import subset from 'subset-font';

const from = new URL('../node_modules/@fontsource-variable/inter/', import.meta.url);
const to = new URL('../src/theme/fonts/', import.meta.url);

const range = (first, last) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, i) => first + i));
const LATIN = `${range(0x20, 0x7e)}${range(0xa0, 0xff)}–—‘’“”•…‹›−€™ŒœŸ`;

const fonts = [
  ['inter-latin-wght-normal.woff2', 'inter.woff2', LATIN],
  ['inter-latin-ext-wght-normal.woff2', 'inter-rupee.woff2', '₹'],
];
for (const [source, name, letters] of fonts) {
  const font = readFileSync(new URL(`files/${source}`, from));
  const small = await subset(font, letters, { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } });
  writeFileSync(new URL(name, to), small);
  console.log(`${name}: ${small.length} B`);
}
copyFileSync(new URL('LICENSE', from), new URL('LICENSE', to));

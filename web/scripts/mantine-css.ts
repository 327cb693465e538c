/**
 * Gives each Mantine component the styles of its own, so that a page loads the styles of what it shows and no more: the
 * whole sheet is 30 kB compressed, of which a page needs a third. While developing it is the whole sheet.
 *
 * Components take their class names from `NAME.module.mjs`, imported after the components they are made of; the styles
 * go there, so they come in the order that the cascade needs.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const STYLES = fileURLToPath(new URL('../node_modules/@mantine/core/styles/', import.meta.url));
const CLASS_NAMES = /\/@mantine\/core\/esm\/.+\/(\w+)\.module\.mjs$/;
const ENTRY = 'virtual:mantine-css';

export function mantineCss(): Plugin {
  const known = new Set(readdirSync(STYLES));
  let isBuild = true;
  return {
    name: 'mantine-css',
    enforce: 'pre',
    configResolved(config) {
      isBuild = config.command === 'build';
    },
    buildStart() {
      if (!existsSync(`${STYLES}Button.layer.css`)) this.error('Mantine keeps its styles elsewhere now');
    },
    resolveId: (id) => (id === ENTRY ? `\0${ENTRY}` : null),
    load(id) {
      if (id !== `\0${ENTRY}`) return null;
      const sheets = isBuild ? ['styles/baseline.layer.css', 'styles/global.layer.css'] : ['styles.layer.css'];
      return sheets.map((sheet) => `import '@mantine/core/${sheet}';`).join('\n');
    },
    transform(code, id) {
      const name = CLASS_NAMES.exec(id.split('?')[0] ?? '')?.[1];
      if (!name) return null;
      const sheet = `${name}.layer.css`;
      if (!known.has(sheet)) this.error(`the styles of ${name} are not where they are looked for`);
      return { code: `import '${STYLES}${sheet}';\n${code}`, map: null, moduleSideEffects: true };
    },
  };
}

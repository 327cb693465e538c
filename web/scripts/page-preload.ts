/**
 * Writes down what the server puts into the documents of the marketplace's pages: links that have a browser fetch what a page
 * loads after the entry beside it, and what there is to read of a page before its scripts run.
 */
import type { Plugin, Rolldown } from 'vite';

import { HERO } from '../src/market/home/words.ts';

/** Where the server looks for it. */
const FILE = '.vite/pages.json';
interface Page {
  /** That shows it, if the entry has it not. */
  module?: string;
  /** HTML. */
  opening?: string;
}

/** Pages by their paths as the server knows them. */
const PAGES: Record<string, Page> = {
  '/': {
    opening: `<div class="boot-hero"><div><h1>${HERO.first}<br>${HERO.second}</h1><p>${HERO.lead}</p></div></div>`,
  },
  '/explore': { module: '/src/market/explore/ExplorePage.tsx' },
  '/a/{slug}': { module: '/src/market/agent/AgentPage.tsx' },
};

export function pagePreload(): Plugin {
  return {
    name: 'page-preload',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
        const entry = reachable(chunks.filter((chunk) => chunk.isEntry), bundle);
        const linksOf = (module: string): string => {
          const own = chunks.find((chunk) => chunk.facadeModuleId?.endsWith(module)) ?? this.error(`the build has no ${module}`);
          const wanted = [...reachable([own], bundle)].filter((chunk) => !entry.has(chunk));
          const scripts = wanted.map(({ fileName }) => `<link rel="modulepreload" crossorigin href="/${fileName}">`);
          const styles = wanted.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]);
          const sheets = styles.map((file) => `<link rel="preload" as="style" crossorigin href="/${file}">`);
          return [...scripts, ...sheets].join('');
        };
        const pages = Object.entries(PAGES).map(([path, { module, opening = '' }]) => [
          path,
          { links: module ? linksOf(module) : '', opening },
        ]);
        this.emitFile({ type: 'asset', fileName: FILE, source: JSON.stringify(Object.fromEntries(pages)) });
      },
    },
  };
}

/** `from` and all that they import. */
function reachable(from: Rolldown.OutputChunk[], bundle: Rolldown.OutputBundle): Set<Rolldown.OutputChunk> {
  const found = new Set(from);
  for (const chunk of found) {
    for (const name of chunk.imports) {
      const imported = bundle[name];
      if (imported?.type === 'chunk') found.add(imported);
    }
  }
  return found;
}

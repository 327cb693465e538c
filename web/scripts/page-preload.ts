/**
 * Writes down what the marketplace's pages load after the entry, as the links that have a browser fetch it beside the
 * entry instead of after it. The server puts them into the document of that page.
 */
import type { Plugin, Rolldown } from 'vite';

/** Where the server looks for it. */
const FILE = '.vite/pages.json';
/** Pages by their paths as the server knows them, and the module that shows each. */
const PAGES: Record<string, string> = {
  '/explore': '/src/market/explore/ExplorePage.tsx',
  '/a/{slug}': '/src/market/agent/AgentPage.tsx',
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
        const pages = Object.entries(PAGES).map(([path, module]) => {
          const own = chunks.find((chunk) => chunk.facadeModuleId?.endsWith(module)) ?? this.error(`the build has no ${module}`);
          const wanted = [...reachable([own], bundle)].filter((chunk) => !entry.has(chunk));
          const scripts = wanted.map(({ fileName }) => `<link rel="modulepreload" crossorigin href="/${fileName}">`);
          const styles = wanted.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]);
          const sheets = styles.map((file) => `<link rel="preload" as="style" crossorigin href="/${file}">`);
          return [path, [...scripts, ...sheets].join('')];
        });
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

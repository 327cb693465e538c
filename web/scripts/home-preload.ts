/**
 * Has the front page's code fetched beside the entry's, instead of after the entry ran. It is small, most first visits are
 * to it, and whoever lands elsewhere will need it when they go there.
 */
import type { Plugin } from 'vite';

const PAGE = '/src/market/home/HomePage.tsx';

export function homePreload(): Plugin {
  return {
    name: 'home-preload',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        const page = Object.values(bundle ?? {}).find((file) => file.type === 'chunk' && file.facadeModuleId?.endsWith(PAGE));
        if (page?.type !== 'chunk') throw new Error(`the build has no ${PAGE}`);
        const scripts = [page.fileName, ...page.imports];
        const styles = [...(page.viteMetadata?.importedCss ?? [])];
        return [
          ...scripts.map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` }, injectTo: 'head' as const })),
          ...styles.map((file) => ({ tag: 'link', attrs: { rel: 'stylesheet', crossorigin: true, href: `/${file}` }, injectTo: 'head' as const })),
        ];
      },
    },
  };
}

import { lazy, Suspense } from 'react';

import { CodeFrame, type CodeFrameProps } from './CodeFrame';

const Highlighted = lazy(() => import('./CodeHighlighted'));

export type CodeLanguage = 'json' | 'javascript' | 'typescript' | 'python' | 'bash' | 'markdown' | 'text';

export interface CodeBlockProps extends Omit<CodeFrameProps, 'lines'> {
  code: string;
  language?: CodeLanguage;
}

/** Code with a copy button, line numbers and marked lines where wanted. Colours come a moment later, in the same place. */
export function CodeBlock({ code, language = 'text', ...frame }: CodeBlockProps) {
  const plain = <CodeFrame {...frame} copy={frame.copy ?? code} lines={code.replace(/\n$/, '').split('\n')} />;
  if (language === 'text') return plain;
  return (
    <Suspense fallback={plain}>
      <Highlighted code={code} language={language} {...frame} />
    </Suspense>
  );
}

/** The language of a file, by its name. */
export function languageOf(path: string): CodeLanguage {
  const ending = path.split('.').at(-1)?.toLowerCase() ?? '';
  const known: Record<string, CodeLanguage> = {
    json: 'json', js: 'javascript', mjs: 'javascript', cjs: 'javascript', jsx: 'javascript', ts: 'typescript',
    mts: 'typescript', tsx: 'typescript', py: 'python', sh: 'bash', md: 'markdown',
  };
  return known[ending] ?? 'text';
}

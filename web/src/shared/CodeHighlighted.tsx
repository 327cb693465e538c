import './highlight.css';

import { useMemo } from 'react';

import type { CodeBlockProps, CodeLanguage } from './CodeBlock';
import { CodeFrame } from './CodeFrame';
import { highlightLines } from './highlight';

/** The heavy half of `CodeBlock`. */
export default function CodeHighlighted({ code, language = 'text', ...frame }: CodeBlockProps & { language?: CodeLanguage }) {
  const lines = useMemo(() => highlightLines(code, language), [code, language]);
  return <CodeFrame {...frame} copy={frame.copy ?? code} lines={lines} isHtml />;
}

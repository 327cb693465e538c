/** Source code to HTML, line by line. The highlighter escapes what it is given; nothing else is let through. */
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import python from 'highlight.js/lib/languages/python';
import typescript from 'highlight.js/lib/languages/typescript';

import type { CodeLanguage } from './CodeBlock';

hljs.registerLanguage('bash', bash);
hljs.registerLanguage('javascript', javascript);
hljs.registerLanguage('json', json);
hljs.registerLanguage('markdown', markdown);
hljs.registerLanguage('python', python);
hljs.registerLanguage('typescript', typescript);
hljs.registerLanguage('text', () => ({ name: 'text', contains: [] }));

/** Beyond this colours take longer than they are worth. */
const LONGEST = 400_000;

export function highlightLines(code: string, language: CodeLanguage): string[] {
  const chosen = code.length > LONGEST ? 'text' : language;
  return linesOf(hljs.highlight(code.replace(/\n$/, ''), { language: chosen, ignoreIllegals: true }).value);
}

/** Splits highlighted HTML into lines that each stand alone: spans open across a line's end are closed and opened again. */
export function linesOf(html: string): string[] {
  const open: string[] = [];
  return html.split('\n').map((line) => {
    const before = open.join('');
    for (const [tag] of line.matchAll(/<span [^>]*>|<\/span>/g)) {
      if (tag === '</span>') open.pop();
      else open.push(tag);
    }
    return before + line + '</span>'.repeat(open.length);
  });
}

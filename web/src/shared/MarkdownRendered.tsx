import './markdown.css';

import { Typography } from '@mantine/core';
import { useMemo } from 'react';

import { markdownToHtml } from './markdown';

interface Props {
  text: string;
  firstHeading: number;
}

/** The heavy half of `Markdown`, and the only place where HTML is put into a page. */
export default function MarkdownRendered({ text, firstHeading }: Props) {
  const html = useMemo(() => markdownToHtml(text, firstHeading), [text, firstHeading]);
  return (
    <Typography fz="md" className="markdown">
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </Typography>
  );
}

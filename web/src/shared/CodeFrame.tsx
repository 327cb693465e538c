import classes from './CodeFrame.module.css';
import { CopyButton } from './CopyButton';

export interface CodeFrameProps {
  /** What the code is, for screen readers and the copy button: "the manifest". */
  label: string;
  lines: string[];
  /** The lines are highlighted HTML, escaped by the highlighter. */
  isHtml?: boolean;
  lineNumbers?: boolean;
  /** The number of the first line. */
  firstLine?: number;
  /** Numbers of lines that matter, with how much. */
  marks?: ReadonlyMap<number, 'info' | 'warn' | 'bad'>;
  /** What the copy button copies; `false` for no button. */
  copy?: string | false;
  maxHeight?: number | string;
}

/** Lines of code, drawn. */
export function CodeFrame(props: CodeFrameProps) {
  const { label, lines, isHtml = false, lineNumbers = false, firstLine = 1, marks, copy, maxHeight } = props;
  return (
    <div className={classes.frame}>
      {typeof copy === 'string' && (
        <div className={classes.copy}>
          <CopyButton value={copy} label={`Copy ${label}`} />
        </div>
      )}
      {/* Scrolls sideways and down, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.code} style={{ maxHeight }} tabIndex={0} role="group" aria-label={label}>
        <code>
          {lines.map((line, index) => {
            const number = firstLine + index;
            return (
              <span key={number} className={classes.line} data-mark={marks?.get(number)} data-line={number}>
                {lineNumbers && (
                  <span className={classes.number} aria-hidden>
                    {number}
                  </span>
                )}
                {isHtml ? <span dangerouslySetInnerHTML={{ __html: line || ' ' }} /> : <span>{line || ' '}</span>}
                {'\n'}
              </span>
            );
          })}
        </code>
      </pre>
    </div>
  );
}

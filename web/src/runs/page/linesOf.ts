/** What an agent printed, as lines of a log. */
import type { LogLine } from '../follow/runLive';

export function linesOf(stdout: string, stderr: string): LogLine[] {
  const of = (text: string, stream: LogLine['stream']) =>
    text === '' ? [] : text.replace(/\n$/, '').split('\n').map((message) => ({ at: '', attempt: 0, stream, message }));
  return [...of(stdout, 'stdout'), ...of(stderr, 'stderr')].map((line, index) => ({ ...line, index }));
}

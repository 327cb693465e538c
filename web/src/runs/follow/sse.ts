/** Server-Sent Events out of a stream of bytes (WHATWG HTML 9.2.6), for streams that need a bearer token. */

export interface SseEvent {
  id: string;
  name: string;
  data: string;
}

/** Takes text in pieces of any size and gives the events that are whole. */
export class SseParser {
  private rest = '';
  private name = '';
  private data: string[] = [];
  private id = '';
  /** What the server asked to wait before coming back, in milliseconds. */
  retry: number | undefined;

  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    // A CR at the very end may be half of a CRLF.
    const all = this.rest + text;
    const held = all.endsWith('\r') ? 1 : 0;
    const lines = all.slice(0, all.length - held).split(/\r\n|\r|\n/);
    this.rest = (lines.pop() ?? '') + all.slice(all.length - held);
    for (const line of lines) {
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private line(line: string): SseEvent | null {
    if (line === '') return this.dispatch();
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  private dispatch(): SseEvent | null {
    const event = this.data.length === 0 ? null : { id: this.id, name: this.name || 'message', data: this.data.join('\n') };
    this.name = '';
    this.data = [];
    return event;
  }
}

import { describe, expect, it } from 'vitest';

import { SseParser } from './sse';

describe('SseParser', () => {
  it('puts events together from pieces of any size', () => {
    const text = 'id: 7\nevent: log\ndata: {"a":1}\n\n:beat\n\nid: 8\ndata: x\ndata: y\n\n';
    for (const size of [1, 2, 3, 7, 1000]) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      expect(events).toEqual([
        { id: '7', name: 'log', data: '{"a":1}' },
        { id: '8', name: 'message', data: 'x\ny' },
      ]);
    }
  });

  it('takes every line end, also one that is cut in two', () => {
    const parser = new SseParser();
    expect(parser.push('data: a\r')).toEqual([]);
    expect(parser.push('\n\r\ndata: b\r\rdata: c\n')).toEqual([
      { id: '', name: 'message', data: 'a' },
      { id: '', name: 'message', data: 'b' },
    ]);
    expect(parser.push('\n')).toEqual([{ id: '', name: 'message', data: 'c' }]);
  });

  it('keeps an unfinished event and takes `retry`', () => {
    const parser = new SseParser();
    expect(parser.push('retry: 250\nevent: end\ndata: {}')).toEqual([]);
    expect(parser.retry).toBe(250);
    expect(parser.push('\n\n')).toEqual([{ id: '', name: 'end', data: '{}' }]);
  });
});

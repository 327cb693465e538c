/**
 * What a page knows of a run from its events: lines, progress, use of resources. Outside of React, so that a thousand
 * lines cost one drawing a frame and no copy of the list.
 */
import { runAsk, runEnd, runPatch } from '../queries';
import type { Execution, Resources, RunStatus } from '../types';
import { type Connection, runFollow } from './follow';
import type { SseEvent } from './sse';

export interface LogLine {
  /** Its number, from 0. */
  index: number;
  at: string;
  attempt: number;
  stream: 'stdout' | 'stderr' | 'log';
  level?: string;
  message: string;
}

export interface Sample {
  /** Milliseconds since the attempt began. */
  at: number;
  /** Share of one core since the sample before, in percent. */
  cpu: number | null;
  /** Bytes. */
  memory: number | null;
}

export interface LiveView {
  connection: Connection;
  /** How many lines there are: they only get more. */
  lines: number;
  progress: { fraction: number; message: string } | null;
  samples: readonly Sample[];
  charged: number | null;
  isTruncated: boolean;
}

const NOTHING: LiveView = {
  connection: 'connecting', lines: 0, progress: null, samples: [], charged: null, isTruncated: false,
};
/** More than the server tells of one attempt; keeps a page of many attempts from growing without end. */
const MOST_LINES = 50_000;
const MOST_SAMPLES = 600;

export class RunLive {
  readonly lines: LogLine[] = [];
  private view: LiveView = NOTHING;
  private shown: LiveView = NOTHING;
  private readonly listeners = new Set<() => void>();
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private end: AbortController | null = null;
  private last = '';
  private used: { attempt: number; resources: Resources } | null = null;

  constructor(private readonly execution: string) {}

  /** Begins, or goes on after `stop`. */
  start(): void {
    this.end = new AbortController();
    const { signal } = this.end;
    void runFollow(this.execution, this.last, signal, {
      events: (events) => {
        if (signal.aborted) return;
        for (const event of events) this.take(event);
        this.last = events.at(-1)?.id ?? this.last;
        this.tell();
      },
      connection: (connection) => {
        this.view = { ...this.view, connection };
        this.tell();
      },
    });
  }

  stop(): void {
    this.end?.abort();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = 0;
    this.timer = undefined;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): LiveView => this.shown;

  /** Once a frame; a hidden page has none, and is told by a timer. */
  private tell(): void {
    if (this.frame !== 0 || this.timer !== undefined) return;
    const show = () => {
      this.frame = 0;
      this.timer = undefined;
      this.shown = this.view;
      for (const listener of this.listeners) listener();
    };
    if (document.hidden) this.timer = setTimeout(show, 250);
    else this.frame = requestAnimationFrame(show);
  }

  private take(event: SseEvent): void {
    let data: Record<string, unknown>;
    try {
      data = JSON.parse(event.data) as Record<string, unknown>;
    } catch {
      return;
    }
    switch (event.name) {
      case 'state':
        return this.state(data.status as RunStatus, Number(data.attempt));
      case 'log':
        return this.line(data);
      case 'progress':
        this.view = { ...this.view, progress: { fraction: Number(data.fraction), message: String(data.message ?? '') } };
        return;
      case 'charge':
        this.view = { ...this.view, charged: Number(data.amount) };
        return;
      case 'resources':
        return this.sample(Number(data.attempt), data as unknown as Resources);
      case 'truncated':
        this.view = { ...this.view, isTruncated: true };
        return;
      case 'end':
        return runEnd(data as unknown as Execution);
    }
  }

  private state(status: RunStatus, attempt: number): void {
    if (status === 'running') {
      this.used = null;
      this.view = { ...this.view, progress: null, samples: [], charged: null };
    }
    // Told from its beginning, the stream is behind the run until it has caught up.
    runPatch(this.execution, (run) => {
      if (isBehind(run, status, attempt)) return run;
      runAsk(this.execution);
      return { ...run, status, attempt };
    });
  }

  private line(data: Record<string, unknown>): void {
    if (this.lines.length >= MOST_LINES) {
      this.view = { ...this.view, isTruncated: true };
      return;
    }
    this.lines.push({
      index: this.lines.length,
      at: String(data.at),
      attempt: Number(data.attempt),
      stream: data.stream as LogLine['stream'],
      level: data.level as string | undefined,
      message: String(data.message ?? ''),
    });
    this.view = { ...this.view, lines: this.lines.length };
  }

  private sample(attempt: number, now: Resources): void {
    const before = this.used?.attempt === attempt ? this.used.resources : null;
    this.used = { attempt, resources: now };
    const spent = (cpuOf(now) ?? Number.NaN) - (before ? (cpuOf(before) ?? Number.NaN) : 0);
    const passed = now.wall_ms - (before?.wall_ms ?? 0);
    const cpu = passed > 0 && Number.isFinite(spent) ? Math.max(0, (spent / passed) * 100) : null;
    const sample = { at: now.wall_ms, cpu, memory: now.peak_memory_bytes };
    this.view = { ...this.view, samples: [...this.view.samples, sample].slice(-MOST_SAMPLES) };
  }
}

export function cpuOf({ cpu_user_ms: user, cpu_system_ms: system }: Resources): number | null {
  return user === null || system === null ? null : user + system;
}

const ORDER: RunStatus[] = ['queued', 'running', 'settling'];

function isBehind(run: Execution, status: RunStatus, attempt: number): boolean {
  const [now, told] = [ORDER.indexOf(run.status), ORDER.indexOf(status)];
  // Ends come whole, by `end`.
  if (told < 0 || now < 0) return true;
  const attemptNow = run.attempt ?? 0;
  return attempt < attemptNow || (attempt === attemptNow && told < now && run.status !== 'running');
}

/** What a request can end with besides an answer. Every screen that shows one shows `requestId`, too. */

export interface FieldError {
  /** A dotted path, e.g. `rows[2].price`; empty for the whole value. */
  field: string;
  message: string;
}

/** The server said no, with a code of `docs/errors/`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | undefined,
    readonly details: unknown,
    /** Seconds after which asking again may help. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
  }

  /** The fields the server found fault with, if that is what it said. */
  get fields(): FieldError[] {
    const fields = (this.details as { fields?: unknown } | null | undefined)?.fields;
    return Array.isArray(fields) ? (fields as FieldError[]) : [];
  }
}

/** No answer came: offline, refused, cut off. Whether the request was carried out is unknown. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  constructor(cause: unknown) {
    super('FrameOS could not be reached', { cause });
  }
}

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether `error` is only that nobody wants the answer any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Server messages are lower-case clauses; on a screen they are sentences. */
export function sentence(message: string): string {
  const text = message.trim();
  if (text === '') return 'Something went wrong.';
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** The same of what begins with a name in code, which keeps its spelling: "hashlib.md5 is used." */
export function codeSentence(message: string): string {
  const text = message.trim();
  const isName = /^\S*[._:$(`/\d]/.test(text) || /^\S+ (of .+ )?is (used|handed on)/.test(text);
  return isName ? (/[.!?…]$/.test(text) ? text : `${text}.`) : sentence(text);
}

/** What went wrong, for people. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return sentence(error.message);
  if (error instanceof NetworkError) return 'FrameOS could not be reached. Check the connection and try again.';
  return 'Something unexpected went wrong on this page.';
}

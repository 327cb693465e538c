/**
 * The one client of the API: typed by the OpenAPI document, signed in by the session, failing with `ApiError` only.
 *
 *   const agent = await take(client.GET('/agents/{agent}', { params: { path: { agent: slug } } }));
 */
import createClient from 'openapi-fetch';

import { sessionFetch } from '@/session/fetch';

import { ApiError } from './errors';
import type { paths } from './schema';

/** The client gives each request its `Idempotency-Key`, so nobody has to. */
type Keyless<P> = {
  [Path in keyof P]: {
    [Method in keyof P[Path]]: P[Path][Method] extends { parameters: infer A }
      ? Omit<P[Path][Method], 'parameters'> & { parameters: A extends { header: infer H } ? Omit<A, 'header'> & { header?: Partial<H> } : A }
      : P[Path][Method];
  };
};

export const client = createClient<Keyless<paths>, 'application/json'>({ fetch: sessionFetch, baseUrl: window.location.origin });

interface Outcome {
  data?: { data: unknown };
  error?: unknown;
  response: Response;
}

type DataOf<O extends Outcome> = NonNullable<O['data']>['data'];

/** The data of an answer; a refusal is thrown. */
export async function take<O extends Outcome>(answer: Promise<O>): Promise<DataOf<O>> {
  const { data, error, response } = await answer;
  if (data !== undefined && response.ok) return data.data;
  throw refusal(response, error);
}

/** What a refused answer says. Also for answers that were fetched without the client (texts, files, events). */
export function refusal(response: Response, body: unknown): ApiError {
  const said = (body as { error?: Record<string, unknown> } | null | undefined)?.error;
  const text = (key: string) => (typeof said?.[key] === 'string' ? (said[key] as string) : undefined);
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(
    response.status,
    text('code') ?? 'UNEXPECTED_ANSWER',
    text('message') ?? `the server answered ${response.status} without saying why`,
    text('request_id') ?? response.headers.get('x-request-id') ?? undefined,
    said?.details,
    Number.isFinite(after) ? after : undefined,
  );
}

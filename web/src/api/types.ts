/**
 * The API's types, from the OpenAPI document: `Schemas['Execution']` is any of them. Features give short names to what
 * they use in a `types.ts` of their own.
 */
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

type Get = { [P in keyof paths]: paths[P] extends { get: { parameters: infer A } } ? A : never };

/** What a GET takes behind `?`: `QueryOf<'/agents'>`. */
export type QueryOf<P extends keyof paths> = Get[P] extends { query?: infer Q } ? NonNullable<Q> : never;

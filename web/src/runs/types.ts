/** The runs' part of the API, under short names. */
import type { QueryOf, Schemas } from '@/api/types';

export type Execution = Schemas['Execution'];
export type ExecutionAttempt = Schemas['ExecutionAttempt'];
export type ExecutionList = Schemas['ExecutionList'];
export type ExecutionSummary = Schemas['ExecutionSummary'];
export type FailureReason = Schemas['FailureReason'];
export type Resources = Schemas['Resources'];
export type RunReceipt = Schemas['RunReceipt'];
export type RunReceiptDocument = Schemas['RunReceiptDocument'];
export type RunStatus = Schemas['RunStatus'];

export type RunsQuery = QueryOf<'/executions'>;

export const STATUSES = ['queued', 'running', 'settling', 'success', 'failed', 'timeout', 'cancelled'] as const;

export function isOver(status: RunStatus): boolean {
  return status !== 'queued' && status !== 'running' && status !== 'settling';
}

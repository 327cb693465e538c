/** The administrators' part of the API, under short names. */
import type { Schemas } from '@/api/types';

export type AdminAgent = Schemas['AdminAgent'];
export type AdminDeveloper = Schemas['AdminDeveloper'];
export type AdminExecution = Schemas['AdminExecution'];
export type AdminRefund = Schemas['AdminRefund'];
export type AdminUser = Schemas['AdminUser'];
export type AuditEntry = Schemas['AuditEntry'];
export type Overview = Schemas['Overview'];
export type Payout = Schemas['Payout'];
export type PendingReview = Schemas['PendingReview'];
export type Refund = Schemas['Refund'];
export type ReportedReview = Schemas['ReportedReview'];
export type Rescanned = Schemas['Rescanned'];
export type VersionForReview = Schemas['VersionForReview'];

/** The developers' part of the API, under short names. */
import type { QueryOf, Schemas } from '@/api/types';

export type AgentDetail = Schemas['AgentDetail'];
export type AgentRegistered = Schemas['AgentRegistered'];
export type AgentRegisterRequest = Schemas['AgentRegisterRequest'];
export type AgentSummary = Schemas['AgentSummary'];
export type Analytics = Schemas['Analytics'];
export type BundleFile = Schemas['BundleFile'];
export type Change = Schemas['Change'];
export type DeveloperLogs = Schemas['DeveloperLogs'];
export type Finding = Schemas['Finding'];
export type ManifestIssue = Schemas['ManifestIssue'];
export type Payout = Schemas['Payout'];
export type PayoutAccount = Schemas['PayoutAccount'];
export type PayoutAccountRequest = Schemas['PayoutAccountRequest'];
export type PayoutStatement = Schemas['PayoutStatement'];
export type PricingForm = Schemas['PricingForm'];
export type RevenueEntry = Schemas['RevenueEntry'];
export type RunStatus = Schemas['RunStatus'];
export type ScanReport = Schemas['ScanReport'];
export type UserReview = Schemas['UserReview'];
export type VersionDiff = Schemas['VersionDiff'];
export type VersionSummary = Schemas['VersionSummary'];

export type AnalyticsQuery = QueryOf<'/developers/analytics'>;

/** The one currency there is. */
export const CURRENCY = 'INR';

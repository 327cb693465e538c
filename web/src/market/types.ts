/** The marketplace's part of the API, under short names. */
import type { QueryOf, Schemas } from '@/api/types';

export type AgentDetail = Schemas['AgentDetail'];
export type AgentFacets = Schemas['AgentFacets'];
export type AgentList = Schemas['AgentList'];
export type AgentSummary = Schemas['AgentSummary'];
export type Deployment = Schemas['Deployment'];
export type FacetCount = Schemas['FacetCount'];
export type Pricing = Schemas['Pricing'];
export type UserReview = Schemas['UserReview'];
export type UserReviewList = Schemas['UserReviewList'];
export type VersionSummary = Schemas['VersionSummary'];

export type AgentListQuery = QueryOf<'/agents'>;
export type ReviewQuery = QueryOf<'/agents/{agent}/reviews'>;

/** What newer servers tell of an agent besides. Left out, the page does without it. */
export interface AgentExtras {
  /** Over 30 days. */
  recent?: { executions: number; success_rate: number | null; p50_duration_ms: number | null; p95_duration_ms: number | null } | null;
  scan?: ScanSummary | null;
}

export interface ScanSummary {
  verdict: string;
  risk: number;
  scanner_version: string;
  files_scanned: number;
  findings: number;
  rules: number | null;
  rules_passed: number | null;
}

export type AgentPageData = AgentDetail & AgentExtras;

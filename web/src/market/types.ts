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

export type ScanSummary = Schemas['ScanBadge'];
export type AgentPageData = AgentDetail;

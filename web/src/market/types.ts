/** The marketplace's part of the API, under short names. */
export type {
  AgentDetail, AgentFacets, AgentList, AgentListQuery, AgentSummary, FacetCount, UserReview, UserReviewList, VersionSummary,
} from '@/api/types';

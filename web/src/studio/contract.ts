/** The developers' part of the API, under short names. */
import type { Schemas } from '@/api/types';

import type { Finding, ScanReport } from './types';

export type AgentChecked = Schemas['AgentChecked'];
export type AgentCheckRequest = Schemas['AgentCheckRequest'];
export type CodeFrame = Schemas['CodeFrame'];
export type DeveloperErrors = Schemas['DeveloperErrors'];
export type DeveloperExecution = Schemas['DeveloperExecution'];
export type DeveloperExecutionList = Schemas['DeveloperExecutionList'];
export type DeveloperReview = Schemas['DeveloperReview'];
export type DeveloperReviewList = Schemas['DeveloperReviewList'];
export type ErrorHead = Schemas['ErrorHead'];
export type FindingAcceptance = Schemas['FindingAcceptance'];
export type VersionDetail = Schemas['VersionDetail'];

/** What a scan says, with the lines it says it of, wherever it comes from. */
export interface Scanned {
  report: ScanReport;
  frames: CodeFrame[];
}

export type { Finding };

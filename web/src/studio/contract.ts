/** Answers that the OpenAPI snapshot does not have yet. To be taken from `Schemas` as soon as it does. */
import type { BundleFile, Finding, ManifestIssue, RunStatus, ScanReport, UserReview, VersionDiff, VersionSummary } from './types';

export interface CodeFrame {
  fingerprint: string;
  file: string;
  line: number;
  first_line: number;
  lines: string[];
}

/** `POST /agents/check`. */
export interface AgentChecked {
  accepted: boolean;
  errors: { code: string; path: string | null; message: string }[];
  warnings: ManifestIssue[];
  manifest: Record<string, unknown> | null;
  files: BundleFile[];
  scan_report: ScanReport | null;
  frames: CodeFrame[];
  changes: VersionDiff | null;
  needs_review: boolean | null;
}

export interface AgentCheckRequest {
  manifest?: unknown;
  code_base64?: string;
  agent?: string;
}

export interface FindingAcceptance {
  fingerprint: string;
  by: string;
  at: string;
  reason: string;
  carried_from?: string;
}

/** `GET /agents/:id/versions/:version`. */
export interface VersionDetail extends VersionSummary {
  agent_id: string;
  agent_slug: string;
  manifest: Record<string, unknown>;
  capabilities: string[];
  timeout_ms: number;
  memory_mb: number;
  packed_bytes: number;
  inside?: {
    submitted_at: string;
    reviewed_at: string | null;
    review_due_at: string | null;
    scan_report: ScanReport | null;
    frames: CodeFrame[];
    acceptances: FindingAcceptance[];
    files: BundleFile[];
    code_changes: VersionDiff | null;
  };
}

/** `GET /developers/executions`. */
export interface DeveloperExecutionList {
  executions: DeveloperExecution[];
  total: number;
  page: number;
  limit: number;
}

export interface DeveloperExecution {
  id: string;
  agent_id: string;
  agent_name: string;
  version: string;
  status: RunStatus;
  failure_reason: string | null;
  revenue: number;
  duration_ms: number | null;
  created_at: string;
  completed_at: string | null;
}

/** `GET /developers/errors`. */
export interface DeveloperErrors {
  days: number;
  reasons: { reason: string; executions: number }[];
  errors: ErrorHead[];
  looked_at: number;
}

export interface ErrorHead {
  agent_id: string;
  reason: string | null;
  message: string | null;
  executions: number;
  execution_id: string;
  version: string;
  at: string;
}

/** `GET /developers/reviews`. */
export interface DeveloperReviewList {
  reviews: DeveloperReview[];
  total: number;
  page: number;
  limit: number;
  unanswered: number;
}

export interface DeveloperReview {
  review: UserReview;
  agent_id: string;
  agent_name: string;
  agent_slug: string;
}

/** What a scan says, with the lines it says it of, wherever it comes from. */
export interface Scanned {
  report: ScanReport;
  frames: CodeFrame[];
}

export type { Finding };

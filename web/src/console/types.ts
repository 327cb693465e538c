/** The administrators' part of the API, under short names. What the OpenAPI snapshot does not have yet is written out. */
import type { Schemas } from '@/api/types';
import type { CodeFrame } from '@/studio/contract';

export type AuditEntry = Schemas['AuditEntry'];
export type Overview = Schemas['Overview'];
export type Payout = Schemas['Payout'];
export type PendingReview = Schemas['PendingReview'];
export type Refund = Schemas['Refund'];
export type ReportedReview = Schemas['ReportedReview'];
export type Rescanned = Schemas['Rescanned'];
export type VersionForReview = Schemas['VersionForReview'] & {
  name?: string;
  developer_id?: string;
  developer_name?: string;
  submitted_at?: string;
  frames?: CodeFrame[];
  base_version_id?: string;
};

export interface AdminDeveloper {
  id: string;
  email: string;
  name: string;
  company: string | null;
  status: string;
  verified_email: boolean;
  created_at: string;
  agents: number;
  published_agents: number;
  total_executions: number;
  revenue: number;
}

export interface AdminUser {
  id: string;
  email: string;
  name: string;
  plan: string;
  status: string;
  verified_email: boolean;
  created_at: string;
  total_executions: number;
}

export interface AdminAgent {
  id: string;
  slug: string;
  name: string;
  category: string;
  status: string;
  current_version: string;
  developer_id: string;
  developer_name: string;
  total_executions: number;
  success_rate: number;
  rating: number;
  review_count: number;
  pending_versions: number;
  created_at: string;
  updated_at: string;
}

export interface AdminExecution {
  id: string;
  user_id: string;
  user_email: string | null;
  agent_id: string;
  agent_name: string;
  agent_slug: string;
  version: string;
  status: string;
  failure_reason: string | null;
  price_amount: number;
  price_currency: string;
  payment_id: string | null;
  refunded_amount: number;
  duration_ms: number | null;
  created_at: string;
  completed_at: string | null;
}

export interface AdminRefund {
  execution_id: string;
  agent_name: string;
  user_id: string;
  user_email: string | null;
  admin_id: string;
  amount: number | null;
  refunded_amount: number;
  currency: string;
  reason: string;
  status: 'asked' | 'done' | 'refused';
  created_at: string;
}

interface Paged {
  total: number;
  page: number;
  limit: number;
}

export type AdminList<Name extends string, Row> = Paged & Record<Name, Row[]>;

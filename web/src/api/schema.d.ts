/** By hand until the server has an OpenAPI document; then `npm run types` writes this file. */
import type * as T from './handwritten';

interface Op<Out, Path = never, Query = never, Body = never> {
  parameters: {
    header?: never;
    cookie?: never;
    path: Path;
    query?: Query;
  };
  requestBody: { content: { 'application/json': Body } };
  responses: {
    200: { headers: Record<string, unknown>; content: { 'application/json': { success: boolean; data: Out } } };
  };
}
interface OpenOp<Out, Query = never, Body = never> {
  parameters: { header?: never; cookie?: never; path?: never; query?: Query };
  requestBody: { content: { 'application/json': Body } };
  responses: {
    200: { headers: Record<string, unknown>; content: { 'application/json': { success: boolean; data: Out } } };
  };
}
interface ReadOp<Out, Query = never> {
  parameters: { header?: never; cookie?: never; path?: never; query?: Query };
  requestBody?: never;
  responses: {
    200: { headers: Record<string, unknown>; content: { 'application/json': { success: boolean; data: Out } } };
  };
}
interface ReadOneOp<Out, Path, Query = never> {
  parameters: { header?: never; cookie?: never; path: Path; query?: Query };
  requestBody?: never;
  responses: {
    200: { headers: Record<string, unknown>; content: { 'application/json': { success: boolean; data: Out } } };
  };
}
type Agent = { agent: string };

export interface paths {
  '/auth/login': { post: OpenOp<T.TokenPair, never, T.LoginRequest> };
  '/auth/refresh': { post: OpenOp<T.TokenPair, never, { refresh_token: string }> };
  '/auth/logout': { post: OpenOp<T.Done, never, { refresh_token: string }> };
  '/auth/verify-email': { post: OpenOp<T.Done, never, { token: string }> };
  '/auth/resend-verification': { post: OpenOp<T.Done, never, { email: string }> };
  '/auth/forgot-password': { post: OpenOp<T.Done, never, { email: string }> };
  '/auth/reset-password': { post: OpenOp<T.Done, never, { token: string; password: string }> };
  '/users/register': { post: OpenOp<T.UserRegistered, never, T.RegisterRequest> };
  '/developers/register': { post: OpenOp<T.DeveloperRegistered, never, T.RegisterRequest> };
  '/me': { get: ReadOp<T.Me> };
  '/agents': { get: ReadOp<T.AgentList, T.AgentListQuery> };
  '/categories': { get: ReadOp<T.CategoryList> };
  '/agents/{agent}': { get: ReadOneOp<T.AgentDetail, Agent> };
  '/agents/{agent}/versions': { get: ReadOneOp<T.VersionList, Agent> };
  '/agents/{agent}/reviews': {
    get: ReadOneOp<T.UserReviewList, Agent, T.UserReviewQuery>;
    put: Op<T.UserReview, Agent, never, T.UserReviewRequest>;
    delete: ReadOneOp<T.Done, Agent>;
  };
  '/agents/{agent}/reviews/{review}/report': {
    post: Op<T.Done, { agent: string; review: string }, never, { reason: string }>;
  };
  '/agents/{agent}/deploy': { post: Op<T.Deployed, Agent, never, T.DeployRequest> };
  '/agents/{agent}/execute': { post: Op<T.ExecutionQueued, Agent, never, T.ExecuteRequest> };
  '/agents/{agent}/subscribe': { post: Op<T.Subscription, Agent, never, { confirm?: boolean }> };
  '/deployments': { get: ReadOp<T.DeploymentList, { page?: number; limit?: number; agent_id?: string }> };
  '/subscriptions': { get: ReadOp<T.SubscriptionList, { page?: number; limit?: number }> };
  '/wallet': { get: ReadOp<T.Wallet> };
}

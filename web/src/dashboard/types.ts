/** The dashboard's part of the API, under short names. */
import type { Schemas } from '@/api/types';

export type Deployment = Schemas['Deployment'];
export type Policy = Schemas['Policy'];
export type Subscription = Schemas['Subscription'];
export type TopUp = Schemas['TopUp'];
export type Transaction = Schemas['Transaction'];
export type VersionChanges = Schemas['VersionChanges'];
export type Webhook = Schemas['Webhook'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type WebhookChoice = Schemas['WebhookChoice'];

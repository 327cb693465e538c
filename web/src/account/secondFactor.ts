/** What is done about the second factor. */
import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import { meQuery } from '@/session/me';

type Proof = Schemas['ProofRequest'];

const again = () => void queryClient.invalidateQueries({ queryKey: meQuery().queryKey });

export async function recoveryCodesNew(body: Proof): Promise<string[]> {
  const made = await take(client.POST('/me/2fa/recovery-codes', { body }));
  again();
  return made.recovery_codes;
}

export async function factorDisable(body: Proof): Promise<void> {
  await take(client.POST('/me/2fa/disable', { body }));
  again();
}

export async function factorConfirm(otp: string): Promise<string[]> {
  const made = await take(client.POST('/me/2fa/confirm', { body: { otp } }));
  again();
  return made.recovery_codes;
}

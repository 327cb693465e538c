/** Changing deployments, with the list changed at once where that is safe. */
import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';

export async function deploymentUpdate(deployment: string, body: Schemas['DeploymentPatch']): Promise<Schemas['Deployment']> {
  const changed = await take(client.PATCH('/deployments/{deployment}', { params: { path: { deployment } }, body }));
  void queryClient.invalidateQueries({ queryKey: ['deployments'] });
  return changed;
}

export async function deploymentDelete(deployment: string): Promise<void> {
  await take(client.DELETE('/deployments/{deployment}', { params: { path: { deployment } } }));
  await queryClient.invalidateQueries({ queryKey: ['deployments'] });
}

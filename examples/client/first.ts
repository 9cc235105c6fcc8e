// Runs a pack, and lists what its steps did.
import { bodyOf, createClient, type Step } from '@taskrunner/client';

/** `token` is called for each request, so it may renew the token. */
export async function stepsOf(
  server: string,
  token: () => Promise<string>,
  manifest: string,
): Promise<readonly Step[]> {
  const client = createClient({ server, token });
  const { runId } = await client.submitAndWait({ manifest });
  const { items } = await bodyOf(client.api.GET('/api/runs/{runId}/steps', { params: { path: { runId } } }));
  return items;
}

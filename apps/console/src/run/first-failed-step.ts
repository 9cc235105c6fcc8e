import { bodyOf, type TaskRunnerClient } from '@taskrunner/client';

/** So deep are maps, groups and inner packs searched for the step that failed. */
const DEPTH = 8;

/** The first step that failed itself: of a map that failed, the step of its first failed item. */
export async function firstFailedStep(
  client: Pick<TaskRunnerClient, 'api'>,
  runId: string,
  failed: string,
): Promise<string> {
  let step = failed;
  for (let depth = 0; depth < DEPTH; depth++) {
    const params = { path: { runId }, query: { parent: step, status: 'failed' as const, limit: 1 } };
    const [child] = (await bodyOf(client.api.GET('/api/runs/{runId}/steps', { params }))).items;
    if (child === undefined) break;
    step = child.id;
  }
  return step;
}

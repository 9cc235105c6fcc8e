import type { Api } from '../api/api';
import type { Page, Step } from '../api/views';

/** So deep are maps, groups and inner packs searched for the step that failed. */
const DEPTH = 8;

/** The first step that failed itself: of a map that failed, the step of its first failed item. */
export async function firstFailedStep(api: Pick<Api, 'get'>, runId: string, failed: string): Promise<string> {
  let step = failed;
  for (let depth = 0; depth < DEPTH; depth++) {
    const query = { parent: step, status: 'failed', limit: 1 };
    const [child] = (await api.get<Page<Step>>(`runs/${runId}/steps`, query)).items;
    if (child === undefined) break;
    step = child.id;
  }
  return step;
}

import type { TaskRunnerClient } from '@taskrunner/client';
import { answeredClient } from '../testing/answered-client';
import { downloadBundle, TooLarge, type Progress } from './download';

/** A server that answers with these pieces. */
function answer(pieces: readonly string[], headers: Record<string, string> = {}): TaskRunnerClient {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return answeredClient(() => new Response(body, { headers }));
}

async function downloaded(client: TaskRunnerClient, maxBytes = 100): Promise<[string, Progress[]]> {
  const seen: Progress[] = [];
  const { signal } = new AbortController();
  const blob = await downloadBundle(client, 'run', { maxBytes, signal, report: (progress) => seen.push(progress) });
  return [await blob.text(), seen];
}

describe('the download of a bundle', () => {
  it('reports how much has come, and of how much', async () => {
    expect(await downloaded(answer(['abc', 'defg'], { 'content-length': '7' }))).toEqual([
      'abcdefg',
      [
        { received: 3, total: 7 },
        { received: 7, total: 7 },
      ],
    ]);
    expect((await downloaded(answer(['abc'])))[1]).toEqual([{ received: 3, total: null }]);
  });

  it('refuses what is larger than a browser may hold, whether the server says so or not', async () => {
    await expect(downloaded(answer([], { 'content-length': '101' }))).rejects.toThrow(TooLarge);
    await expect(downloaded(answer(['abc', 'def']), 5)).rejects.toThrow(/larger than 5 B.*console\.bundleSize/);
  });
});

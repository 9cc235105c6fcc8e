import type { JsonObject, RunId } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';
import { SCAN_LINES } from './sample';

/** Tests of logs: streams, pages and search. */
export function describeLogs(api: ApiUnderTest): void {
  const { ask, submit, promised, commit, tokens, validators } = api;

  describe('a log', () => {
    const chunks = [0, 1].map((chunk) => ({ step: 'scan', execution: 1, chunk, firstLine: 1 + 3 * chunk }));
    const read = (runId: RunId, query = '', headers: Record<string, string> = {}) =>
      fetch(`${api.webservice.url}/api/runs/${runId}/logs${query}`, {
        headers: { authorization: `Bearer ${tokens.get('ada')}`, ...headers },
      });
    const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

    it('of a run that has ended is read from where the reader is, and ends', async () => {
      const runId = await submit();
      await commit(runId, { chunks, state: { status: 'succeeded', finishedAt: 5, lastLine: 6 } });
      const whole = await read(runId);
      expect(whole.headers.get('content-type')).toMatch(/^text\/event-stream/);
      const text = await whole.text();
      expect(ids(text)).toEqual([1, 2, 3, 4, 5, 6, 6]);
      expect(text.trimEnd().split('\n').at(-1)).toBe(
        `data: {"runId":"${runId}","sequence":6,"timestamp":"1970-01-01T00:00:00.005Z","eventType":"run.finished","status":"succeeded"}`,
      );
      for (const [, event] of text.matchAll(/^data: (.*)$/gm))
        expect(validators.get('LogEvent')?.(JSON.parse(event ?? ''))).toBe(true);
      const line = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as JsonObject;
      expect(line).toEqual({
        runId,
        sequence: 1,
        timestamp: '2026-01-01T00:00:00.000Z',
        level: 'info',
        eventType: 'step.log',
        message: 'one',
        stepId: 'scan',
        attempt: 1,
        execution: 1,
      });
      expect(ids(await (await read(runId, '', { 'last-event-id': '4' })).text())).toEqual([5, 6, 6]);
      // A reconnecting browser sends the number of the last line that it read together with its original address.
      expect(ids(await (await read(runId, '?after=1', { 'last-event-id': '4' })).text())).toEqual([5, 6, 6]);
      expect(ids(await (await read(runId, '?after=1&level=warn')).text())).toEqual([2, 5, 6]);
      // A step of the plan that has no lines, and steps that the run does not have.
      expect(ids(await (await read(runId, '?step=quick')).text())).toEqual([6]);
      for (const query of ['?step=other', '?step=scan::nope&limit=1', '?step=other&q=one']) {
        const refused = await read(runId, query);
        expect([refused.status, ((await refused.json()) as JsonObject)['code']]).toEqual([404, 'STEP_NOT_FOUND']);
      }
      expect((await read(runId, '?after=6')).status).toBe(204);
      expect((await read(runId, '', { 'last-event-id': 'x' })).status).toBe(422);
      const ndjson = await (await read(runId, '', { accept: 'application/x-ndjson' })).text();
      expect(
        ndjson
          .trimEnd()
          .split('\n')
          .map((one) => (JSON.parse(one) as JsonObject)['sequence']),
      ).toEqual([1, 2, 3, 4, 5, 6, 6]);
    });

    it('is paged through backward and forward, searched, and read from near its end', async () => {
      const runId = await submit();
      await commit(runId, {
        chunks: [
          ...chunks,
          ...[1, 2, 3].map((execution) => ({ step: 'quick', execution, chunk: 0, firstLine: 4 + 3 * execution })),
        ],
        state: { status: 'succeeded', finishedAt: 5, lastLine: 15 },
      });
      const path = `/api/runs/${runId}/logs`;
      const page = async (query: string) => {
        const { body, headers } = await promised('LogPage', 'ada', 'GET', `${path}?${query}`);
        expect(headers.get('cache-control')).toBe('no-store');
        const items = body['items'] as unknown as readonly { sequence: number; message: string }[];
        return [items.map(({ sequence }) => sequence), body['total'], body['searchedFrom'], body['searchedTo']];
      };
      expect(await page('before=8&limit=3')).toEqual([[5, 6, 7], null, 5, 7]);
      expect(await page('before=8&limit=2&level=warn')).toEqual([[2, 5], null, 2, 7]);
      expect(await page('before=9&step=quick')).toEqual([[7, 8], null, 1, 8]);
      expect(await page('before=99&limit=4&step=quick&attempt=1')).toEqual([[9, 10, 11, 12], null, 9, 15]);
      expect(await page('limit=9&step=quick&attempt=2')).toEqual([[13, 14, 15], null, 1, 15]);
      expect(await page('after=4&limit=3')).toEqual([[5, 6, 7], null, 5, 7]);
      const begun = await ask('ada', 'GET', `${path}?limit=7`);
      const more = begun.body['nextCursor'] as string;
      expect(await page(`limit=7&cursor=${more}`)).toEqual([[8, 9, 10, 11, 12, 13, 14], null, 8, 14]);
      expect((await ask('ada', 'GET', `${path}?limit=20&cursor=${more}`)).body['nextCursor']).toBeNull();
      expect((await ask('ada', 'GET', `${path}?limit=7&step=quick&cursor=${more}`)).status).toBe(422);
      expect(await page('q=TWO')).toEqual([[2, 5, 8, 11, 14], 5, 1, 15]);
      expect(await page('q=t&after=3&level=warn')).toEqual([[5, 8, 11, 14], 4, 4, 15]);
      expect(await page('q=o&step=quick&attempt=2')).toEqual([[13, 14], 2, 1, 15]);
      expect(await page('q=nothing')).toEqual([[], 0, 1, 15]);
      const first = await ask('ada', 'GET', `${path}?q=two&limit=2`);
      expect(first.body).toMatchObject({ total: 5, lastLine: 15, missingLines: 0 });
      const cursor = first.body['nextCursor'] as string;
      expect(await page(`q=two&limit=9&cursor=${cursor}`)).toEqual([[8, 11, 14], 5, 1, 15]);
      expect((await ask('ada', 'GET', `${path}?q=tw&cursor=${cursor}`)).status).toBe(422);
      // Nobody else's log is searched, whoever asks.
      expect((await ask('mallory', 'GET', `${path}?q=two`)).body['code']).toBe('RUN_NOT_FOUND');
      const head = await fetch(`${api.webservice.url}${path}?q=two`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${tokens.get('ada')}` },
      });
      expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);

      const tail = await (await read(runId, '?tail=2')).text();
      expect(ids(tail)).toEqual([13, 14, 15, 15]);
      const begin = JSON.parse(/^data: (.*)$/m.exec(tail)?.[1] ?? '') as JsonObject;
      expect(['LogEvent', 'StreamTail', 'LogLine'].map((name) => validators.get(name)?.(begin))).toEqual([
        true,
        true,
        false,
      ]);
      expect(begin).toMatchObject({ eventType: 'stream.tail', sequence: 13, after: 13, complete: true });
      expect(tail).toContain('event: stream.tail\nid: 13\ndata: ');
      expect(ids(await (await read(runId, '?tail=2&level=warn')).text())).toEqual([10, 11, 14, 15]);
      expect(ids(await (await read(runId, '?tail=1&step=quick&attempt=1')).text())).toEqual([11, 12, 15]);
      expect(ids(await (await read(runId, '?after=8&step=quick&attempt=1')).text())).toEqual([9, 10, 11, 12, 15]);
      expect(ids(await (await read(runId, '?tail=0')).text())).toEqual([15, 15]);
      expect(ids(await (await read(runId, '?tail=99')).text())).toEqual([...Array(16).keys(), 15]);
      // A reconnecting browser wants what it has not read, not the tail again.
      expect(ids(await (await read(runId, '?tail=2', { 'last-event-id': '12' })).text())).toEqual([13, 14, 15, 15]);
      expect((await read(runId, '?tail=2', { 'last-event-id': '15' })).status).toBe(204);
    });

    it('of many lines is searched in parts, and each part says the truth about all before it', async () => {
      const runId = await submit();
      const [perChunk, count] = [250, SCAN_LINES / 100];
      const head = perChunk * count;
      const isNeedle = (line: number) => line % 1_000 === 999;
      const many = Array.from({ length: count }, (_, chunk) => {
        return { step: chunk % 2 === 0 ? 'approve' : 'quick', execution: 1, chunk, firstLine: 1 + chunk * perChunk };
      });
      const textOf = (chunk: number) =>
        Array.from({ length: perChunk }, (_, line) => 1 + chunk * perChunk + line)
          .map((line) => (isNeedle(line) ? `wa Needle, ${line}\n` : `iline ${line}\n`))
          .join('');
      await commit(runId, { chunks: many, textOf, state: { status: 'succeeded', finishedAt: 5, lastLine: head } });
      const needles = Array.from({ length: head }, (_, index) => index + 1).filter(isNeedle);
      const path = `/api/runs/${runId}/logs`;

      const found: number[] = [];
      const seen: number[] = [];
      for (let cursor = ''; ;) {
        const { body } = await promised('LogPage', 'ada', 'GET', `${path}?q=needle&limit=3${cursor}`);
        const { items, total, searchedTo, lastLine, nextCursor } = body as unknown as {
          readonly items: readonly { readonly sequence: number }[];
          readonly total: number;
          readonly searchedTo: number;
          readonly lastLine: number;
          readonly nextCursor: string | null;
        };
        found.push(...items.map(({ sequence }) => sequence));
        seen.push(searchedTo);
        expect([total, lastLine]).toEqual([needles.filter((line) => line <= searchedTo).length, head]);
        if (nextCursor === null) break;
        cursor = `&cursor=${nextCursor}`;
      }
      expect(found).toEqual(needles);
      expect([seen[0], seen.at(-1)]).toEqual([SCAN_LINES, head]);

      const some = SCAN_LINES / 1_000;
      for (const [tail, complete] of [
        [some, true],
        [some + 1, false],
      ] as const) {
        const text = await (await read(runId, `?tail=${tail}&level=warn`)).text();
        const begin = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as JsonObject;
        expect([begin['complete'], ids(text).slice(1, -1)]).toEqual([complete, needles.slice(-some)]);
      }
      const { body } = await ask('ada', 'GET', `${path}?before=${head + 1}&limit=1000&level=warn`);
      expect([(body['items'] as unknown[]).length, body['searchedFrom']]).toEqual([some, head - SCAN_LINES + 1]);
      const page = await ask('ada', 'GET', `${path}?before=${head - 300}&limit=2&step=quick`);
      const lines = (page.body['items'] as unknown as readonly { sequence: number }[]).map(({ sequence }) => sequence);
      // The line before which it is asked for is in an even chunk.
      expect(lines).toEqual([head - 501, head - 500]);
    });

    it.each([
      ['tail=1&after=1', ['/tail']],
      ['before=1&after=0&q=x', ['/before', '/before']],
      ['cursor=x', ['/cursor']],
      ['attempt=1', ['/attempt']],
      ['attempt=0&step=a', ['/attempt']],
      ['q=x&follow=true', ['/follow']],
      ['q=', ['/q']],
      ['limit=1001', ['/limit']],
      ['before=0', ['/before']],
      ['q=x&cursor=x', ['/cursor']],
    ])('is not read with %s', async (query, paths) => {
      const { status, body } = await ask('ada', 'GET', `/api/runs/${await submit()}/logs?${query}`);
      const errors = body['errors'] as unknown as readonly { path: string }[];
      expect([status, body['code'], errors.map(({ path }) => path)]).toEqual([422, 'REQUEST_INVALID', paths]);
    });

    it('of a run under way is followed, and ends with the service or the reader', async () => {
      const runId = await submit();
      expect(ids(await (await read(runId, '?follow=false')).text())).toEqual([]);
      const abort = new AbortController();
      const response = await fetch(`${api.webservice.url}/api/runs/${runId}/logs`, {
        headers: { authorization: `Bearer ${tokens.get('ada')}` },
        signal: abort.signal,
      });
      const reader = response.body?.getReader();
      let text = '';
      const readUntil = async (part: string) => {
        while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value);
      };
      await readUntil(': at 0 head 0\n\n');
      await commit(runId, { chunks, state: { status: 'running', lastLine: 6 } });
      await readUntil(': at 6 head 6\n\n');
      expect(ids(text)).toEqual([1, 2, 3, 4, 5, 6]);
      abort.abort();
    });

    it('of a run under way is followed from near its end', async () => {
      const runId = await submit();
      const abort = new AbortController();
      const response = await fetch(`${api.webservice.url}/api/runs/${runId}/logs?tail=4&level=info`, {
        headers: { authorization: `Bearer ${tokens.get('ada')}` },
        signal: abort.signal,
      });
      const reader = response.body?.getReader();
      let text = '';
      const readUntil = async (part: string) => {
        while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value);
      };
      await readUntil(': at 0 head 0\n\n');
      await commit(runId, { chunks, state: { status: 'running', lastLine: 6 } });
      await readUntil(': at 6 head 6\n\n');
      expect(ids(text)).toEqual([0, 1, 2, 4, 5]);
      abort.abort();
    });
  });
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST, ROOT, TENANT } from './sample';

/** Tests of what every route has in common: bodies, parameters, media types, methods. */
export function describeRequests(api: ApiUnderTest): void {
  const { ask, submit, commit, gated, tokens } = api;

  describe('requests', () => {
    it.each([
      ['that end too early', '{"manifest":', 400, 'BODY_UNREADABLE'],
      ['with a member twice', '{"manifest":"a","manifest":"b"}', 400, 'BODY_UNREADABLE'],
      ['with 101 levels', `{"manifest":"","inputs":${'{"a":'.repeat(101)}1${'}'.repeat(101)}}`, 400, 'BODY_UNREADABLE'],
      ['over the limit of bytes', `{"manifest":"${'x'.repeat(1024 * 1024)}"}`, 413, 'BODY_TOO_LARGE'],
      ['that are a list', '[]', 422, 'REQUEST_INVALID'],
      ['with an unknown member', '{"manifest":"","colour":1}', 422, 'REQUEST_INVALID'],
    ] as const)('%s are refused', async (_what, text, status, code) => {
      const reply = await ask('ada', 'POST', '/api/runs', text);
      expect([reply.status, reply.body['code']]).toEqual([status, code]);
      expect(JSON.stringify(reply.body)).not.toMatch(/ at .*\.(ts|js):/);
    });

    it('name every member and parameter that is wrong', async () => {
      const { body } = await ask('ada', 'POST', '/api/runs', {
        manifest: 1,
        labels: { a: 1 },
        planHash: 'x',
        colour: 'red',
        files: [{ path: 1 }],
      });
      const paths = (body['errors'] as unknown as { path: string }[]).map(({ path }) => path);
      expect(new Set(paths)).toEqual(
        new Set(['/manifest', '/labels/a', '/planHash', '/colour', '/files/0/path', '/files/0/contentBase64']),
      );
      const query = await ask('ada', 'GET', '/api/runs?limit=0&color=1&status=x&stuck=y');
      expect(query.status).toBe(422);
      expect(query.body['errors']).toHaveLength(4);
    });

    it.each([
      [
        ...['ada', '/api/runs'],
        { labels: { a: 1 }, files: [{ path: '../x', contentBase64: '-' }], inputs: 1 },
        ['/labels/a', '/files/0/path', '/files/0/contentBase64', '/inputs', '/manifest'],
      ],
      [
        ...['ada', '/api/plans'],
        { pack: 'demo:1.0.0', files: [{}], signatures: 1 },
        ['/files', '/files/0/path', '/files/0/contentBase64', '/signatures'],
      ],
      [
        ...['ada', '/api/plans/diff'],
        { before: { inputs: 1 }, after: { manifest: 1, files: [{ path: 'a/' }] } },
        [
          '/before/inputs',
          '/before/manifest',
          '/after/manifest',
          '/after/files/0/path',
          '/after/files/0/contentBase64',
        ],
      ],
      ['ada', '/api/plans/diff', { after: { bundle: { digest: 'x' } } }, ['/before', '/after/bundle']],
      [
        'ada',
        '/api/schedules',
        { signatures: [{}], until: 'x' },
        ['/signatures', '/until', '/name', '/cron', '/manifest'],
      ],
      [
        ...['wendy', '/api/packs'],
        { files: [{ path: 'a', contentBase64: '' }, { path: 'a' }] },
        ['/manifest', '/files/1/path', '/files/1/contentBase64'],
      ],
      [
        ...['grace', '/api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef/approve'],
        { onBehalfOf: { iss: 'a' } },
        ['/gateId', '/decision', '/planHash', '/onBehalfOf'],
      ],
      [
        ...['grace', '/api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef/steps/a/resolve'],
        { execution: 0 },
        ['/execution', '/outcome', '/reason'],
      ],
    ] as [string, string, object, string[]][])(
      'have all their faults told together, of missing members too: %s %s %j',
      async (login, path, sent, places) => {
        const { status, body } = await ask(login, 'POST', path, sent);
        const errors = body['errors'] as unknown as { path: string; message: string }[];
        expect([status, body['code']]).toEqual([422, 'REQUEST_INVALID']);
        expect(new Set(errors.map((error) => error.path))).toEqual(new Set(places));
        // A member that is missing is told once, as missing.
        const required = errors.filter(({ message }) => message.endsWith(' is required.')).map((error) => error.path);
        expect(new Set(required).size).toBe(required.length);
      },
    );

    it('are told the bounds of labels and the nearest name of a member', async () => {
      const { body } = await ask('ada', 'POST', '/api/runs', { manifst: '', labels: { ['x'.repeat(64)]: 'y' } });
      expect(body['errors']).toMatchObject([
        { path: '/manifst', message: 'The member manifst is unknown.', remediation: 'Did you mean manifest?' },
        {
          path: '/labels',
          message: 'labels must be an object with at most 64 members, whose names have at most 63 characters.',
        },
        { path: '/manifest' },
      ]);
      const labels = { [`${'x'.repeat(62)}/`]: '\u{1f980} any text' };
      expect(
        (await ask('ada', 'POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'a' }, labels })).status,
      ).toBe(201);
    });

    it('do not lose a member to null: it is refused where the document does not name it', async () => {
      const members = ['planHash', 'labels', 'inputs', 'files', 'signatures', 'bundle', 'manifest', 'pack'];
      for (const member of members) {
        const reply = await ask('ada', 'POST', '/api/runs', { manifest: MANIFEST, [member]: null });
        const errors = reply.body['errors'] as unknown as { path: string }[];
        expect([member, reply.status, errors.some(({ path }) => path === `/${member}`)]).toEqual([member, 422, true]);
      }
      const { runId, decision } = await gated('approve');
      const unread = await ask('grace', 'POST', `/api/runs/${runId}/approve`, { ...decision, gateDigest: null });
      expect([unread.status, unread.body['code']]).toEqual([422, 'REQUEST_INVALID']);
    });

    it('of strangers get what the document says, with every route, token, scope and parameter (npm run security)', async () => {
      await gated('approve');
      const runId = await submit();
      const { digest, size } = await api.objects.put(TENANT, [Buffer.from('theirs')] as never, { maxBytes: 100 });
      const artifact = {
        step: 'scan',
        execution: 1,
        name: 'page',
        path: 'out/a',
        digest,
        size,
        mediaType: 'text/plain',
      };
      await commit(runId, { artifacts: [artifact] });
      await ask('wendy', 'POST', '/api/packs', { manifest: MANIFEST.replace('name: demo', 'name: probed') });
      const { url } = api.webservice;
      const tool = spawn(process.execPath, [join(ROOT, 'tools/security/main.mjs'), '--target', '--json'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      tool.stdin.end(JSON.stringify({ url, ...api.probing, victim: TENANT, stranger: 'initech' }));
      const { results } = (await json(tool.stdout)) as {
        results: Record<string, { count: number; findings: string[] }>;
      };
      const counts = Object.entries(results).map(([name, { count, findings }]) => {
        expect([name, findings]).toEqual([name, []]);
        return [name, count] as const;
      });
      expect(counts.map(([name]) => name)).toEqual(['matrix', 'tokens', 'parameters', 'probes']);
      const least: Readonly<Record<string, number>> = { matrix: 600, tokens: 60, parameters: 1_000, probes: 200 };
      for (const [name, count] of counts) expect([name, count >= (least[name] ?? 0)]).toEqual([name, true]);
    }, 300_000);

    it.each([
      ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'a\0b' } }, 'ada'],
      ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, labels: { 'a\0b': 'c' } }, 'ada'],
      ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, labels: { a: 'b\0c' } }, 'ada'],
      ['POST', '/api/runs', { manifest: `${MANIFEST}# \0`, inputs: { image: 'app:1' } }, 'ada'],
      ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, concurrency: { group: 'a\0b' } }, 'ada'],
      [
        'POST',
        '/api/schedules',
        { name: 'a\0b', cron: '* * * * *', timeZone: 'UTC', manifest: MANIFEST, inputs: {} },
        'ada',
      ],
    ])('%s %s with NUL in a text is refused, and its place named: %j', async (method, path, body, login) => {
      const reply = await ask(login, method, path, body);
      expect([reply.status, reply.body['code']]).toEqual([422, 'REQUEST_INVALID']);
    });

    it('with a parameter that the route does not have are refused, and the nearest one is named', async () => {
      const refused = async (path: string) => {
        const { status, body } = await ask('ada', 'GET', path);
        const [{ path: place, remediation }] = body['errors'] as unknown as [{ path: string; remediation: string }];
        return [status, body['code'], place, remediation];
      };
      expect(await refused('/api/runs?statuss=failed')).toEqual([
        ...[422, 'REQUEST_INVALID', '/statuss', 'Did you mean status?'],
      ]);
      expect(await refused('/api/me?verbose=true')).toEqual([
        ...[422, 'REQUEST_INVALID', '/verbose', 'Known parameters: none.'],
      ]);
    });

    it('have the parameters of the document and no others, on every route', async () => {
      const LOGIN: Readonly<Record<string, string>> = {
        ...{ 'packs.read': 'ada', 'packs.run': 'ada', 'packs.approve': 'grace' },
        ...{ 'packs.write': 'wendy', 'packs.admin': 'ops' },
      };
      const document = (await ask(null, 'GET', '/openapi.json')).body as unknown as {
        paths: Record<
          string,
          Record<string, { 'x-scopes': string[]; requestBody?: { content: Record<string, Media> } }>
        >;
      };
      type Media = { examples: { example: { value: unknown } } };
      const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
      );
      const silent: string[] = [];
      for (const { path, method, 'x-scopes': scopes, requestBody } of operations) {
        const login = scopes.length === 0 ? 'ada' : (LOGIN[scopes[0] ?? ''] ?? null);
        const filled = path
          .replace('{runId}', 'run_01kb3v2m5t8wq4yhn6z0c7d9ef')
          .replace('{scheduleId}', 'sch_01kb3v2m5t8wq4yhn6z0c7d9ef')
          .replaceAll(/\{\w+\}/g, 'x');
        const media = requestBody?.content['application/json'];
        const reply = await ask(login, method, `${filled}?statuss=failed`, media?.examples.example.value);
        const errors = (reply.body['errors'] ?? []) as unknown as { path: string }[];
        if (reply.status !== 422 || errors[0]?.path !== '/statuss')
          silent.push(`${method} ${path} ${reply.status} ${JSON.stringify(reply.body['code'])}`);
      }
      expect(silent).toEqual([]);
    });

    it('may have all defaults of the document at once, which generated clients send', async () => {
      type Parameter = { name: string; in: string; required: boolean; schema: { default?: unknown } };
      const { paths } = (await ask(null, 'GET', '/openapi.json')).body as unknown as {
        paths: Record<string, { get?: { operationId: string; parameters: Parameter[] } }>;
      };
      const refused: unknown[] = [];
      for (const [path, { get }] of Object.entries(paths)) {
        const query = (get?.parameters ?? []).filter((one) => one.in === 'query');
        const defaults = query.filter(({ schema }) => schema.default !== undefined);
        if (defaults.length === 0 || query.some(({ required }) => required)) continue;
        const text = defaults.map(({ name, schema }) => `${name}=${String(schema.default)}`).join('&');
        const filled = path.replace('{runId}', 'run_01kb3v2m5t8wq4yhn6z0c7d9ef').replaceAll(/\{\w+\}/g, 'x');
        const { status, body } = await ask(path.startsWith('/api/a') ? 'ops' : 'ada', 'GET', `${filled}?${text}`);
        if (body['code'] === 'REQUEST_INVALID') refused.push([get?.operationId, status, body['errors']]);
      }
      expect(refused).toEqual([]);
    });

    it.each([' junk', ' Bearer', ', Basic x', '\u00e9'])('refuse a token that is followed by %j', async (more) => {
      const reply = await ask(`${tokens.get('ada') ?? ''}${more}`, 'GET', '/api/me');
      expect([reply.status, reply.body['code']]).toEqual([401, 'TOKEN_INVALID']);
    });

    it.each(['a\0b', 'a\ud800'])('refuse the reason %j, which no record can contain', async (reason) => {
      const runId = await submit();
      const reply = await ask('ops', 'POST', `/api/runs/${runId}/cancel`, { reason });
      expect([reply.status, reply.body['code']]).toEqual([422, 'REQUEST_INVALID']);
      expect(reply.body['errors']).toMatchObject([{ path: '/reason' }]);
    });

    it.each([
      ['PUT', '/api/runs', 'GET, HEAD, OPTIONS, POST'],
      ['DELETE', '/v1/task-runner/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef', 'GET, HEAD, OPTIONS'],
      ['GET', '/api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef/cancel', 'OPTIONS, POST'],
      ['POST', '/errors/GATE_STALE', 'GET, HEAD, OPTIONS'],
    ])('%s %s names the methods that there are', async (method, path, allow) => {
      const { status, headers, body } = await ask('ada', method, path);
      expect([status, headers.get('allow'), body['code']]).toEqual([405, allow, 'METHOD_NOT_ALLOWED']);
      const options = await ask(null, 'OPTIONS', path);
      expect([options.status, options.headers.get('allow'), options.body]).toEqual([204, allow, {}]);
      expect((await ask(null, 'OPTIONS', '/api/nothing')).status).toBe(404);
    });

    it.each([
      ['/api/me', 'text/html', 406],
      ['/api/me', 'text/html, application/json;q=0', 406],
      ['/api/me', 'application/xml, */*;q=0.1', 200],
      ['/api/me', 'application/*', 200],
      ['/api/me', '*/*', 200],
      ['/api/runs?limit=1', 'application/json', 200],
      ['/errors/GATE_STALE', 'image/png', 406],
      ['/api/runs/RUN/logs?follow=false', 'application/json', 406],
      ['/api/runs/RUN/logs?follow=false', 'application/x-ndjson', 200],
      ['/api/runs/RUN/logs?follow=false', 'text/event-stream', 200],
      ['/api/runs/RUN/logs?limit=9', 'application/json', 200],
      ['/api/runs/RUN/logs?q=x', 'text/event-stream', 406],
      ['/api/runs/RUN/evidence', 'application/x-tar', 409],
      ['/api/runs/RUN/evidence', 'application/json', 406],
      // Artifacts have the media type that their step stated.
      ['/api/runs/RUN/artifacts/none', 'text/html', 404],
    ])('of %s that accept %s get %d', async (path, accept, status) => {
      const runId = path.includes('RUN') ? await submit() : '';
      const response = await fetch(`${api.webservice.url}${path.replace('RUN', runId)}`, {
        headers: { authorization: `Bearer ${tokens.get('ada')}`, accept },
      });
      const text = await response.text();
      expect([response.status, text.includes('"NOT_ACCEPTABLE"')]).toEqual([status, status === 406]);
      if (status === 406) expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    });

    it('are answered as they are where nobody accepts a coding, and compressed where JSON is long', async () => {
      const runId = await submit();
      await commit(runId, { state: { status: 'succeeded', finishedAt: 5, lastLine: 0 } });
      const read = async (path: string, coding: string) => {
        const response = await fetch(`${api.webservice.url}${path}`, {
          headers: { authorization: `Bearer ${tokens.get('ada')}`, 'accept-encoding': coding },
        });
        const text = await response.text();
        return { coding: response.headers.get('content-encoding'), vary: response.headers.get('vary'), text };
      };
      const plain = await read('/openapi.json', 'identity');
      expect([plain.coding, plain.vary]).toEqual([null, 'Accept-Encoding']);
      for (const coding of ['gzip', 'br']) expect(await read('/openapi.json', coding)).toEqual({ ...plain, coding });
      // To compress a short answer takes longer than to send it.
      expect((await read(`/api/runs/${runId}/plan`, 'gzip')).coding).toBeNull();
      expect((await read('/errors/GATE_STALE', 'gzip')).coding).toBeNull();
      // Each line of a log must be visible when it is written.
      expect((await read(`/api/runs/${runId}/logs`, 'gzip')).coding).toBeNull();
    });

    it('for other routes and media types are refused in the same shape', async () => {
      expect((await ask('ada', 'GET', '/api/nothing')).body).toMatchObject({ code: 'ROUTE_NOT_FOUND', status: 404 });
      const runId = await submit();
      for (const path of ['/api/runs/%ff', '/api/runs/%', '/api/runs/a%zz/gates', '/v1/task-runner/%ff']) {
        const { status, body } = await ask('ada', 'GET', path);
        const [{ message }] = body['errors'] as unknown as [{ message: string }];
        expect([path, status, message]).toEqual([path, 422, 'The path is not valid percent-encoding of UTF-8.']);
      }
      for (const path of ['/api/runs/', '/api/me/', `/api/runs/${runId}/`, `/api/runs/${runId}/gates/`])
        expect([path, (await ask('ada', 'GET', path)).body['code']]).toEqual([path, 'ROUTE_NOT_FOUND']);
      for (const type of ['text/plain', 'application/merge-patch+json', 'application/problem+json', 'text/json']) {
        const { status, body } = await ask('ada', 'POST', '/api/runs', '{}', { 'content-type': type });
        expect([type, status, body['code']]).toEqual([type, 415, 'BODY_MEDIA_TYPE']);
      }
      const types = { 'content-type': 'application/json; charset=UTF-8' };
      expect((await ask('ada', 'POST', '/api/runs', '{}', types)).status).toBe(422);
      expect((await ask(null, 'GET', '/errors/GATE_STALE')).body).toMatchObject({ status: 409 });
    });

    it('for the console are answered with what to do where it is disabled', async () => {
      for (const path of ['/console', '/console/', '/console/runs/run_1', '/console/assets/index-1.js'])
        expect((await ask(null, 'GET', path)).body).toMatchObject({ code: 'CONSOLE_DISABLED', status: 404 });
    });

    it('of pages of other origins get no header of CORS, unless it is configured', async () => {
      const origin = { origin: 'https://console.example.org' };
      const asked = { ...origin, 'access-control-request-method': 'POST' };
      const answers = [
        await fetch(`${api.webservice.url}/api/runs`, { method: 'OPTIONS', headers: asked }),
        await ask('ada', 'GET', '/api/me', undefined, origin),
      ];
      expect(answers.map(({ status }) => status)).toEqual([204, 200]);
      for (const { headers } of answers)
        expect([...headers].map(([name]) => name).filter((name) => name.startsWith('access-control'))).toEqual([]);
    });
  });
}

import { defaultConfiguration } from '@taskrunner/infrastructure/configuration';
import { apiDocument } from '../../create-webservice';
import { EXAMPLES } from '../../openapi/examples';
import type { ApiUnderTest } from './api-under-test';
import { TENANT } from './sample';

/** Headers of the protocol (RFC 9110, RFC 9112), and those that the description of the document names. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  ...['cache-control', 'connection', 'content-encoding', 'content-length', 'content-type', 'date', 'keep-alive'],
  ...['referrer-policy', 'transfer-encoding', 'vary', 'x-content-type-options'],
]);

/** Tests of the OpenAPI document and health. */
export function describeDocument(api: ApiUnderTest): void {
  const { validators } = api;

  describe('the document and health', () => {
    it('describe every route with its codes, scopes and examples', async () => {
      const document = (await (await fetch(`${api.webservice.url}/openapi.json`)).json()) as {
        openapi: string;
        paths: Record<
          string,
          Record<
            string,
            {
              operationId: string;
              'x-scopes'?: string[];
              requestBody?: { content: Record<string, { examples?: object }> };
              responses: Record<
                string,
                {
                  content?: Record<
                    string,
                    { example?: unknown; schema: { allOf?: { properties?: { code: { enum: string[] } } }[] } }
                  >;
                }
              >;
            }
          >
        >;
      };
      expect(document.openapi).toBe('3.1.0');
      // Also without a webservice: the types of the client are made of it.
      expect(JSON.parse(JSON.stringify(await apiDocument(defaultConfiguration())))).toEqual(document);
      expect(JSON.stringify(document)).not.toContain('"nullable"');
      const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
      expect(operations.length).toBeGreaterThanOrEqual(19);
      for (const operation of operations) {
        expect([operation.operationId, operation['x-scopes']]).toEqual([operation.operationId, expect.any(Array)]);
        const answers = Object.entries(operation.responses);
        const example = answers.some(
          ([status, { content }]) =>
            status.startsWith('2') && Object.values(content ?? {}).some((one) => one.example !== undefined),
        );
        expect([operation.operationId, example]).toEqual([operation.operationId, true]);
        for (const [status, { content }] of answers.filter(([status]) => Number(status) >= 400)) {
          expect([
            operation.operationId,
            status,
            content?.['application/problem+json']?.schema.allOf?.[1]?.properties?.code.enum.length,
          ]).toEqual([operation.operationId, status, expect.any(Number)]);
        }
        if (operation.requestBody) expect(Object.values(operation.requestBody.content)[0]?.examples).toBeDefined();
      }
      expect((await fetch(`${api.webservice.url}/docs`)).status).toBe(200);
    });

    it('show examples that fit the schemas that they stand beside', async () => {
      type Media = { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> };
      type Described = { operationId: string; requestBody?: { content: Record<string, Media> } } & {
        responses: Record<string, { content?: Record<string, Media> }>;
      };
      const document = (await (await fetch(`${api.webservice.url}/openapi.json`)).json()) as {
        servers: object[];
        tags: { name: string; description: string }[];
        paths: Record<string, Record<string, Described & { tags: string[] }>>;
      };
      let tried = 0;
      const wrong: unknown[] = [];
      for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
        const { operationId, requestBody, responses, tags } = operation;
        expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags));
        const bodies = [requestBody, ...Object.values(responses)].flatMap((one) => Object.entries(one?.content ?? {}));
        for (const [type, { schema, example, examples = {} }] of bodies) {
          const values = [
            ...Object.values(examples).map(({ value }) => value),
            ...(example === undefined ? [] : [example]),
          ];
          const validate = api.compile(schema);
          for (const value of values) if (!validate(value)) wrong.push([operationId, type, validate.errors]);
          tried += values.length;
        }
        expect(Object.keys(responses).some((status) => status.startsWith('4'))).toBe(true);
      }
      expect(wrong).toEqual([]);
      expect(tried).toBeGreaterThan(100);
      expect(document.servers.length).toBeGreaterThan(0);
      // Generators of clients lose what is in a list or an object whose type is a list of types.
      expect(JSON.stringify(document).match(/.{0,200}"type":\["(?:array|object)","null"\]/)).toBeNull();
      // A list says what it is of.
      expect(JSON.stringify(document).match(/"type":(?:"array"|\["array","null"\])(?!,"items")[^{}]*\}/g)).toBeNull();
    });

    it('name the headers of the answers that these tests have got', async () => {
      const { ask, commit, submit } = api;
      const runId = await submit();
      const { digest, size } = await api.objects.put(TENANT, [Buffer.from('a page')] as never, { maxBytes: 100 });
      const artifact = {
        step: 'scan',
        execution: 1,
        name: 'page',
        path: 'out/a',
        digest,
        size,
        mediaType: 'text/plain',
      };
      await commit(runId, { artifacts: [artifact], state: { status: 'succeeded', finishedAt: 5, lastLine: 0 } });
      const [{ artifactId }] = (await ask('ada', 'GET', `/api/runs/${runId}/artifacts`)).body['items'] as unknown as [
        { artifactId: string },
      ];
      const send = async (path: string, headers: Record<string, string>): Promise<number> => {
        const authorization = `Bearer ${api.tokens.get('ada')}`;
        const response = await fetch(`${api.webservice.url}${path}`, { headers: { authorization, ...headers } });
        await response.text();
        api.observe('GET', path, response);
        return response.status;
      };
      const file = `/api/runs/${runId}/artifacts/${artifactId}`;
      expect([
        await send(file, {}),
        await send(file, { range: 'bytes=0-1' }),
        await send(file, { range: 'bytes=90-99' }),
        await send(file, { 'if-none-match': `"${digest}"` }),
        await send(`/api/runs/${runId}/logs`, {}),
        await send(`/api/runs/${runId}/evidence`, {}),
        await send(`/api/runs/${runId}/plan`, {}),
        await send(`/api/runs/${runId}/plan/diff?against=${runId}`, {}),
        await send(`/api/runs/${runId}`, {}),
        await send('/api/me', { authorization: 'Bearer none' }),
      ]).toEqual([200, 206, 416, 304, 200, 409, 200, 200, 200, 401]);
      const { body } = await ask(null, 'GET', '/openapi.json');
      const { paths } = body as unknown as {
        paths: Record<string, Record<string, { responses: Record<string, { headers?: object }> }>>;
      };
      const patterns = Object.entries(paths)
        .map(([path, methods]) => ({ pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`), methods }))
        // Fixed paths before those with parameters.
        .sort((one, other) => one.pattern.source.split('[^').length - other.pattern.source.split('[^').length);
      const silent = new Set<string>();
      let compared = 0;
      for (const [answer, names] of api.answers) {
        const [method = '', path = '', status = ''] = answer.split(' ');
        const methods = patterns.find(({ pattern }) => pattern.test(path))?.methods;
        const operation = methods?.[method.toLowerCase()];
        // Paths and methods that are no operations.
        if (!operation) continue;
        const documented = new Set(
          Object.keys(operation.responses[status]?.headers ?? {}).map((name) => name.toLowerCase()),
        );
        compared++;
        for (const name of names)
          if (!EVERYWHERE.has(name) && !documented.has(name))
            silent.add(`${method} ${path.replaceAll(runId, 'RUN')} ${status} ${name}`);
      }
      expect([...silent]).toEqual([]);
      expect(compared).toBeGreaterThanOrEqual(10);
    });

    it('show examples that fit the schemas of their names', () => {
      const { release: _body, ...answers } = EXAMPLES;
      const tried = Object.entries(answers).filter(([name, example]) => {
        const validate = validators.get(`${name[0]?.toUpperCase()}${name.slice(1)}`);
        if (!validate) return false;
        expect([name, validate(example), validate.errors ?? null]).toEqual([name, true, null]);
        return true;
      });
      expect(tried.length).toBeGreaterThan(8);
    });

    it('answer on a port of their own', async () => {
      expect((await fetch(`${api.webservice.health}/health/live`)).status).toBe(200);
      expect((await fetch(`${api.webservice.health}/health/ready`)).status).toBe(200);
      expect((await fetch(`${api.webservice.url}/health/live`)).status).toBe(404);
    });
  });
}

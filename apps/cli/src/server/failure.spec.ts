import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportError } from '../terminal/report-error';
import type { Terminal } from '../terminal/terminal';
import { Server } from './server';

function recorder(): Terminal & { readonly said: string[] } {
  const said: string[] = [];
  return {
    said,
    print: () => undefined,
    say: (line) => said.push(line),
    draw: () => undefined,
    isInteractive: false,
    columns: 80,
    rows: 24,
    ask: async () => null,
  };
}

describe('a refusal of the server', () => {
  let http: HttpServer;
  let server: Server;
  let answer: { readonly status: number; readonly text: string };

  beforeAll(async () => {
    http = createServer((_request, response) => response.writeHead(answer.status).end(answer.text));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    server = new Server(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, async () => 't');
  });
  afterAll(() => http.close());

  async function refusal(status: number, text: string): Promise<unknown> {
    answer = { status, text };
    return server.me().catch((error: unknown) => error);
  }

  it('is shown with its code, its help and all its faults', async () => {
    const terminal = recorder();
    const text = JSON.stringify({
      code: 'PACK_INVALID',
      detail: 'the pack has 2 errors',
      remediation: 'Correct the errors listed in `errors`.',
      retryable: false,
      errors: [
        { code: 'PACK_FIELD', path: '/spec', line: 3, column: 5, message: 'bad\u202e', remediation: 'Fix it.' },
        {
          code: 'INPUT_MISSING',
          path: '/inputs/a',
          line: null,
          column: null,
          message: 'a is missing',
          remediation: 'Give it.',
        },
      ],
    });
    expect(reportError(await refusal(422, text), terminal, 'pack.yaml')).toBe(2);
    expect(terminal.said).toEqual([
      'PACK_INVALID the pack has 2 errors',
      'help: Correct the errors listed below.',
      'PACK_FIELD pack.yaml:3:5 bad\\u{202e}',
      'help: Fix it.',
      'INPUT_MISSING inputs/a a is missing',
      'help: Set the input with -i a=value, or in the file of --inputs.',
    ]);
  });

  it.each(['', '<html>Bad gateway</html>', '[]', 'null', '{"errors":7}'])(
    'may be anything that a proxy sends: %s',
    async (text) => {
      const terminal = recorder();
      expect(reportError(await refusal(502, text), terminal)).toBe(10);
      expect(terminal.said).toEqual(['HTTP_502 the server responded with status 502']);
    },
  );

  it.each([
    [200, '<html>', 'CLI_SERVER_ANSWER the answer to /api/me is not JSON', 11],
    [204, '', 'CLI_SERVER_ANSWER the answer has status 204 and no body', 11],
  ])('is none if the answer has status %d and the body %j', async (status, text, line, exit) => {
    const terminal = recorder();
    expect(reportError(await refusal(status, text), terminal)).toBe(exit);
    expect(terminal.said[0]).toBe(line);
  });

  it.each(['', '<html>Not found</html>', '{"message":"no route"}'])(
    'is that of another server if a 404 has no code of ours: %s',
    async (text) => {
      const terminal = recorder();
      expect(reportError(await refusal(404, text), terminal)).toBe(2);
      expect(terminal.said).toEqual([
        'CLI_SERVER_OTHER this is not a TaskRunner server: it answered with status 404',
        expect.stringMatching(/^help: Check TASKRUNNER_SERVER/),
      ]);
    },
  );

  it('is none at a port that Node.js refuses', async () => {
    const terminal = recorder();
    const refused = new Server('http://127.0.0.1:9', async () => 't');
    const error: unknown = await refused.me().catch((caught: unknown) => caught);
    expect(reportError(error, terminal)).toBe(2);
    expect(terminal.said[0]).toBe('CLI_USAGE port 9 cannot be used: HTTP clients refuse it');
  });

  it('is none of a server that does not respond, whose address is named', async () => {
    const terminal = recorder();
    const away = new Server('http://127.0.0.1:2', async () => 't');
    const error: unknown = await away.me().catch((caught: unknown) => caught);
    expect(reportError(error, terminal)).toBe(10);
    expect(terminal.said).toEqual([
      expect.stringMatching(/^CLI_SERVER_UNREACHABLE http:\/\/127\.0\.0\.1:2 does not respond: ./),
      'help: Check the address, make sure that the server is running, and try again.',
    ]);
  });
});

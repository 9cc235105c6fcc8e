import { commandLineIn } from '../testing/command-line-in';

const explain = (...args: readonly string[]) => commandLineIn(process.cwd(), ['explain', ...args]);

describe('an error code is explained without a server', () => {
  it('with meaning, status, exit code and remedy', async () => {
    expect(await explain('gate_self_approval')).toEqual({
      exit: 0,
      err: '',
      out: [
        'GATE_SELF_APPROVAL: Initiators of the run cannot decide.',
        'HTTP status: 403',
        'exit code: 3',
        'help: Ask a person who did not start the run.',
        '',
      ].join('\n'),
    });
  });

  it('also a fault and an error of the command line, as JSON too', async () => {
    expect((await explain('DOC_NOT_UTF8')).out).toContain('help: Save the document as UTF-8.\n');
    expect(JSON.parse((await explain('CLI_GATE_CHOICE', '--output', 'json')).out)).toMatchObject({ exitCode: 2 });
  });

  it('a fault of packs with its cause and an example', async () => {
    expect((await explain('PACK_ID')).out).toBe(
      [
        'PACK_ID: An id contains characters that ids cannot have, such as spaces or uppercase letters, or it is too long.',
        'example:',
        '  - { id: Scan Hosts, run: { uses: "builtin:noop" } }',
        'correct:',
        '  - { id: scan-hosts, run: { uses: "builtin:noop" } }',
        'help: Use at most 63 characters of [a-z0-9._-], with a letter or digit at both ends.',
        '',
      ].join('\n'),
    );
    expect((await explain('EXPR_NULL')).out).toContain('help: Give a default');
  });

  it('an unknown code is refused, with the nearest one', async () => {
    const { exit, out, err } = await explain('GATE_SELF_APROVAL');
    expect([exit, out]).toEqual([4, '']);
    expect(err).toBe(
      'CLI_CODE_UNKNOWN this version does not know the code GATE_SELF_APROVAL\nhelp: Did you mean GATE_SELF_APPROVAL?\n',
    );
    expect((await explain('XYZ')).err).toContain('help: Codes that steps');
  });
});

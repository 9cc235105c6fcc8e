import { reportError } from '../terminal/report-error';
import type { Terminal } from '../terminal/terminal';
import { readProblem, ServerProblem } from './server-problem';

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
  it('is shown with its code, its help and all its faults', () => {
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
    expect(reportError(new ServerProblem(readProblem(422, text)), terminal, 'pack.yaml')).toBe(2);
    expect(terminal.said).toEqual([
      'PACK_INVALID the pack has 2 errors',
      'help: Correct the errors listed in `errors`.',
      'PACK_FIELD pack.yaml:3:5 bad\\u{202e}',
      'help: Fix it.',
      'INPUT_MISSING inputs/a a is missing',
      'help: Set the input with -i a=value, or in the file of --inputs.',
    ]);
  });

  it.each(['', '<html>Bad gateway</html>', '[]', 'null', '{"errors":7}'])(
    'may be anything that a proxy sends: %s',
    (text) => {
      const terminal = recorder();
      expect(reportError(new ServerProblem(readProblem(502, text)), terminal)).toBe(10);
      expect(terminal.said).toEqual(['HTTP_502 the server responded with status 502']);
    },
  );
});

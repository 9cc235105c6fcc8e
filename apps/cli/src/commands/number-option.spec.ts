import { Command } from 'commander';
import { withOutput } from './options';
import { numberOf } from './number-option';

describe('the number of an option', () => {
  it.each([
    ['0', 0],
    ['8080', 8080],
  ])('%s is %d', (written, number) => {
    expect(numberOf('--port', written, { least: 0, most: 65_535 })).toBe(number);
  });

  it.each(['', '-1', '1.5', 'abc', '1e9', ' 1', '65536'])('%j is refused with the name of the option', (written) => {
    expect(() => numberOf('--port', written, { least: 0, most: 65_535, usual: 8_080 })).toThrow(
      expect.objectContaining({
        code: 'CLI_USAGE',
        message: `--port must be a whole number from 0 to 65535, not ${written}`,
        remediation: 'Write a number, such as --port 8080.',
      }) as Error,
    );
  });
});

const refused = (command: Command, format: string): string => {
  let said = '';
  withOutput(command)
    .exitOverride()
    .configureOutput({ writeErr: (text) => (said += text) });
  expect(() => command.parse(['--output', format], { from: 'user' })).toThrow();
  return said;
};

it('a file in the place of a format names the option that takes a file', () => {
  const evidence = new Command('evidence').option('--file <path>', 'file to write');
  expect(refused(evidence, 'x.tar')).toMatch(
    /Allowed choices are table, json, ndjson, text\. To name the file to write, use --file x\.tar\./,
  );
  expect(refused(new Command('list'), 'x.tar')).not.toContain('--file');
});

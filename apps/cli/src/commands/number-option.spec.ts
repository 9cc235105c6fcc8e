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

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PackLibraryError, SubmitRunError } from './lib/operations';
import { PlannerError } from './lib/ports';
import { SecretError } from './lib/secret';
import { BrandedError } from './lib/foundation/branded-error';
import { CodedError, isCodedError } from './lib/foundation/coded-error';

/** The class in a second copy of the library, as another installation loads it. */
function copyOfPackLibraryError(): typeof PackLibraryError {
  let copy: typeof PackLibraryError | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<{ PackLibraryError: typeof PackLibraryError }>('./lib/operations').PackLibraryError;
  });
  if (copy === undefined) throw new Error('no copy');
  return copy;
}

/** The exports of every layer. */
function everyExport(): unknown[] {
  const floors = join(__dirname, 'lib');
  return readdirSync(floors)
    .filter((floor) => existsSync(join(floors, floor, 'index.ts')))
    .flatMap((floor) => Object.values(jest.requireActual<Record<string, unknown>>(join(floors, floor, 'index.ts'))));
}

const help = 'Name a pack that is there.';

describe('a branded error', () => {
  it('is recognised by the guard of its class and of those above it, and by no other', () => {
    const error = new PlannerError('PLANNER_BUSY', 'busy', help);
    expect([PlannerError, CodedError, SubmitRunError].map((one) => one.is(error))).toEqual([true, true, false]);
    expect(PlannerError.is(new CodedError('PLANNER_BUSY', 'busy', help))).toBe(false);
  });

  it('is recognised across copies of the library, where instanceof fails', () => {
    const OtherError = copyOfPackLibraryError();
    const error = new OtherError('PACK_NOT_FOUND', 'no pack', help);
    expect(error instanceof PackLibraryError).toBe(false);
    expect(PackLibraryError.is(error)).toBe(true);
    expect(isCodedError(error)).toBe(true);
    expect(SecretError.is(error)).toBe(false);
    expect(OtherError.is(new PackLibraryError('PACK_NOT_FOUND', 'no pack', help))).toBe(true);
  });

  it('cannot be made of a document, and is told by no member that a document can have', () => {
    const error = new CodedError('X', 'text', help);
    const seen = JSON.parse(JSON.stringify({ ...error, name: error.name, message: error.message })) as unknown;
    for (const value of [seen, structuredClone(error), new Error('X'), null, undefined, 'CodedError', 7])
      expect(isCodedError(value)).toBe(false);
  });

  it('does not show its brand where errors are printed or compared', () => {
    const error = new CodedError('X', 'text', help);
    expect(Object.getOwnPropertySymbols(error)).toEqual([]);
    expect({ ...error }).toEqual({ name: 'CodedError', code: 'X', remediation: help, faults: [] });
  });

  it('is refused to be asked for by a class that was given no brand: it would answer for the one above', () => {
    class Unbranded extends BrandedError {}
    expect(() => Unbranded.is(new Error('x'))).toThrow(new TypeError('Unbranded has no brand'));
  });
});

it('has a brand of its own in every class of errors that the library gives away', () => {
  const classes = everyExport().filter(
    (one): one is typeof CodedError => typeof one === 'function' && one.prototype instanceof Error,
  );
  const brands = classes
    .filter((one) => (one as unknown) !== BrandedError)
    .map((one) => Object.getOwnPropertySymbols(one.prototype).map((symbol) => Symbol.keyFor(symbol)));
  expect(brands.length).toBeGreaterThan(10);
  expect(brands.flat().sort()).toEqual([...new Set(brands.flat())].sort());
  for (const own of brands) expect(own).toEqual([expect.stringMatching(/^taskrunner\.error\.\w+$/)]);
});

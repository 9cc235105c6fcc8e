import { sha256 } from '@taskrunner/core/canonical';
import type { StatementParts } from '@taskrunner/core/evidence';
import type { Json } from '@taskrunner/core/foundation';
import { statementParts, storedParts } from './stored-parts';

const parts: StatementParts = {
  'pack-run': { offset: 7_680, size: 6_726, sha256: sha256('pack-run') },
  slsa: { offset: 15_360, size: 4_482, sha256: sha256('slsa') },
};
const bundle = { dsseEnvelope: { payload: '' } } as unknown as StatementParts[string];

it('are read as they were stored, in half of the bytes', () => {
  expect(statementParts(JSON.parse(storedParts(parts)) as Json)).toEqual(parts);
  expect(storedParts(parts).length).toBeLessThan(JSON.stringify(parts).length * 0.6);
  const whole = { 'pack-run': bundle, slsa: null } as StatementParts;
  expect(statementParts(JSON.parse(storedParts(whole)) as Json)).toEqual(whole);
});

it('are read from rows of earlier releases', () => {
  expect(statementParts(parts as unknown as Json)).toEqual(parts);
});

it.each<Json>([null, 7, [], { slsa: 7 }, { slsa: [1, 2] }, { slsa: ['1', 2, ''] }])(
  'are what a row has that nobody wrote: %j',
  (stored) => {
    expect(statementParts(stored)).toEqual(stored);
  },
);

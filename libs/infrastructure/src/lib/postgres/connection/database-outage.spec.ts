import { outageOf, storesNothing } from './database-outage';

it.each([
  ['53100', 'the disk of the database is full', true],
  ['53200', 'the database server has no free memory', false],
  ['53300', 'the database server has no free connection', false],
  ['53400', 'the database server has reached a limit', false],
  ['25006', 'the database is read-only', true],
  ['57014', 'the database is busy', false],
  ['55P03', 'the database is busy', false],
  ['57P01', 'the database does not respond', false],
  ['ECONNREFUSED', 'the database does not respond', false],
  ['58030', null, true],
  ['42501', null, false],
  ['22P05', null, false],
  ['XX001', null, false],
])('%s is told as: %s', (code, reason, isUnwritable) => {
  const error = Object.assign(new Error('x'), { code });
  expect([outageOf(error), storesNothing(error)]).toEqual([reason, isUnwritable]);
});

it.each(['Read-only file system', 'Permission denied'])('so is a file that the server cannot write: %s', (reason) => {
  const error = Object.assign(new Error(`could not open file "base/16390/2601": ${reason}`), { code: '42501' });
  expect([outageOf(error), storesNothing(error)]).toEqual(['the database server cannot write its files', true]);
});

it('an error of the program says nothing about the database', () => {
  expect([outageOf(new Error('x')), storesNothing(new Error('x'))]).toEqual([null, false]);
});

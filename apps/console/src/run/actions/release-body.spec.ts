import { releaseBody } from './release-body';

it('withholds the files that were named, each once', () => {
  const files = ' logs/scan.ndjson\n\nlogs/scan.ndjson\npack/notes.md ';
  expect(releaseBody(files, ' the token is revoked ')).toEqual({
    paths: ['logs/scan.ndjson', 'pack/notes.md'],
    reason: 'the token is revoked',
  });
});

it('names no file if the cause was removed', () => {
  expect(releaseBody(' \n', 'the token was changed')).toEqual({ reason: 'the token was changed' });
});

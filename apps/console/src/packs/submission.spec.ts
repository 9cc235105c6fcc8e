import type { Api } from '../api/api';
import { inputsFor, labelsIn } from './submission';

it('reads labels from lines', () => {
  expect(labelsIn('ticket=SEC-42\n\n team = x=y ')).toEqual({ ticket: 'SEC-42', team: 'x=y' });
  expect(labelsIn('')).toEqual({});
  expect(labelsIn('ticket')).toBeNull();
  expect(labelsIn('=x')).toBeNull();
});

it('uploads files and names them by their digests', async () => {
  const sent: unknown[] = [];
  const api = {
    post: async (path: string, body: unknown) => {
      sent.push([path, body]);
      return { digest: 'sha256:1' };
    },
  } as unknown as Api;
  const file = new File(['x'], 'bundle.tar', { type: 'application/x-tar' });
  expect(await inputsFor(api, { values: { a: 1 }, files: { bundle: file } })).toEqual({
    a: 1,
    bundle: { digest: 'sha256:1', name: 'bundle.tar', mediaType: 'application/x-tar' },
  });
  expect(sent).toEqual([['uploads', file]]);
});

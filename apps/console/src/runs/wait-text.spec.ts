import { waitText } from './wait-text';

it('says for everything that a run waits for who can end it', () => {
  for (const kind of ['approval', 'policy', 'retry', 'delay', 'attention', 'concurrency']) {
    const { what, who } = waitText({ kind, id: 'deploy' });
    expect(what).toContain('deploy');
    expect(who).not.toBe('');
  }
  expect(waitText({ kind: 'something new', id: null })).toEqual({ what: 'something new', who: '' });
});

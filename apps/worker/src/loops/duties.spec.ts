import { Duties, type Duty } from './duties';

function duties() {
  const said: string[] = [];
  const counted: Duty[] = [];
  const clock = { elapsed: 0 };
  const log = { say: (level: string, event: string) => void said.push(`${level} ${event}`) };
  const watched = new Duties(log, {
    unreadyAfterMs: 30_000,
    onFailed: (duty) => counted.push(duty),
    isDatabaseFault: (error) => error === denied,
    outageOf: (error) => ((error as { code?: unknown }).code === '53100' ? 'the disk of the database is full' : null),
    elapsed: () => clock.elapsed,
  });
  return { watched, said, counted, clock };
}

const denied = new Error('permission denied for table runs');

it('a duty that fails is said once, counted each time, and after a while the worker is not ready, which is said once', () => {
  const { watched, said, counted, clock } = duties();
  for (; clock.elapsed < 60_000; clock.elapsed += 500) {
    watched.failed('claim', denied);
    watched.failed('mail', denied);
    expect(watched.trouble() === null).toBe(clock.elapsed < 30_000);
  }
  expect(said).toEqual(['warn claim.failed', 'warn mail.failed', 'error worker.unready']);
  expect(counted).toHaveLength(240);
  expect(watched.trouble()).toBe('claiming runs has failed for 60 s: permission denied for table runs');
  watched.done('attest');
  expect(watched.trouble()).not.toBeNull();
  watched.done('claim');
  watched.done('claim');
  expect(watched.trouble()).toBe('reading inbox messages has failed for 60 s: permission denied for table runs');
  watched.done('mail');
  expect(watched.trouble()).toBeNull();
  expect(said.slice(3)).toEqual(['info claim.works-again', 'info mail.works-again', 'info worker.ready']);
});

it('a duty that fails now and then leaves the worker ready; another reason is said', () => {
  const { watched, said, clock } = duties();
  watched.failed('mail', denied);
  clock.elapsed = 29_000;
  watched.failed('mail', new Error('timeout'));
  watched.done('mail');
  clock.elapsed = 31_000;
  watched.failed('mail', denied);
  expect(watched.trouble()).toBeNull();
  expect(said).toEqual(['warn mail.failed', 'warn mail.failed', 'info mail.works-again', 'warn mail.failed']);
});

it('what the database refuses of a run is a duty that fails; what is wrong with the run is not', () => {
  const { watched, said, clock } = duties();
  expect(watched.refused('drive', new Error('of the run'))).toBe(false);
  expect(said).toEqual([]);
  expect(watched.refused('drive', denied)).toBe(true);
  clock.elapsed = 30_000;
  expect(watched.refused('drive', denied)).toBe(true);
  expect(watched.trouble()).toBe('committing run progress has failed for 30 s: permission denied for table runs');
});

it('a database that is full is told once, whatever file it could not extend, and names itself when the worker is not ready', () => {
  const { watched, said, counted, clock } = duties();
  for (; clock.elapsed <= 30_000; clock.elapsed += 1_000) {
    const message = `could not extend file "base/5/${16_384 + clock.elapsed}": No space left on device`;
    watched.failed('drive', Object.assign(new Error(message), { code: '53100' }));
  }
  expect(said).toEqual(['warn drive.failed', 'error worker.unready']);
  expect(counted).toHaveLength(31);
  expect(watched.trouble()).toBe('committing run progress has failed for 31 s: the disk of the database is full');
  watched.done('drive');
  expect(said.slice(2)).toEqual(['info drive.works-again', 'info worker.ready']);
  expect(watched.refused('drive', Object.assign(new Error('x'), { code: '53100' }))).toBe(true);
});

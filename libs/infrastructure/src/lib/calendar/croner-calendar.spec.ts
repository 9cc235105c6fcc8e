import fc from 'fast-check';
import { CronerCalendar } from './croner-calendar';
import { searchedCases } from '@taskrunner/core/testing';

const calendar = new CronerCalendar();
const ms = (text: string) => Date.parse(text);

function ticks(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  let at = ms(from);
  while (found.length < count) {
    const next = calendar.nextAfter(cron, timeZone, at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

describe('ticks', () => {
  // Rules of the guide. In Europe/Berlin, 02:00 to 03:00 does not exist on 29 March 2026 and occurs twice on 25 October 2026.
  it.each<[string, string, string, string, string[]]>([
    [
      'each day at the same local time, across the change',
      '0 9 * * *',
      'Europe/Berlin',
      '2026-03-27T12:00Z',
      ['2026-03-28T08:00', '2026-03-29T07:00', '2026-03-30T07:00'],
    ],
    ['in UTC know no change', '30 2 * * *', 'UTC', '2026-03-28T12:00Z', ['2026-03-29T02:30', '2026-03-30T02:30']],
    [
      'at one time of day that is left out come when the hour begins again',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'at one time of day that comes twice come the first time only',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'every half hour go on in real time, forwards',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30'],
    ],
    [
      'every half hour go on in real time, backwards',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-10-25T00:00Z',
      ['2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
    ],
    [
      'at several times of an hour that is left out fall away',
      '0,30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-30T00:00', '2026-03-30T00:30'],
    ],
    [
      'at several times of an hour that comes twice come twice',
      '0,30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-26T01:00'],
    ],
    [
      'know the change of New York',
      '30 2 * * *',
      'America/New_York',
      '2026-03-07T12:00Z',
      ['2026-03-08T07:00', '2026-03-09T06:30'],
    ],
    [
      'know a change of half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:30', '2026-10-04T15:15'],
    ],
    [
      'know offsets that are no whole hours',
      '0 0 * * *',
      'Asia/Kathmandu',
      '2026-01-01T00:00Z',
      ['2026-01-01T18:15', '2026-01-02T18:15'],
    ],
    [
      'of 29 February come in leap years',
      '0 0 29 2 *',
      'UTC',
      '2026-01-01T00:00Z',
      ['2028-02-29T00:00', '2032-02-29T00:00'],
    ],
    [
      'of the last day of the month',
      '0 0 L * *',
      'UTC',
      '2026-01-01T00:00Z',
      ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00'],
    ],
    ['of the second Friday', '0 0 * * FRI#2', 'UTC', '2026-01-01T00:00Z', ['2026-01-09T00:00', '2026-02-13T00:00']],
    [
      'of day of month or day of week, where both are restricted',
      '0 0 13 * FRI',
      'UTC',
      '2026-01-08T00:00Z',
      ['2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00'],
    ],
    ['of Sunday as 0 and 7', '0 0 * * 0,7', 'UTC', '2026-01-01T00:00Z', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['of a nickname', '@weekly', 'UTC', '2026-01-01T00:00Z', ['2026-01-04T00:00']],
    ['come strictly later', '* * * * *', 'UTC', '2026-01-01T00:00:00.000Z', ['2026-01-01T00:01']],
    [
      'come on the minute, whatever the milliseconds',
      '* * * * *',
      'UTC',
      '2025-12-31T23:59:59.999Z',
      ['2026-01-01T00:00'],
    ],
  ])('%s', (_name, cron, timeZone, from, expected) =>
    expect(ticks(cron, timeZone, from, expected.length)).toEqual(expected),
  );

  it('go forward, on whole minutes, in every zone', () => {
    const zone = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'UTC',
      'Pacific/Apia',
    );
    const field = (least: number, most: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: least, max: most }).map(String),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: 20 }))
          .map(([, step]) => `*/${Math.min(step, most)}`),
      );
    const cron = fc
      .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
      .map((fields) => fields.join(' '));
    const from = fc.integer({ min: ms('2020-01-01'), max: ms('2036-01-01') });
    fc.assert(
      fc.property(cron, zone, from, (expression, timeZone, start) => {
        const next = calendar.nextAfter(expression, timeZone, start);
        expect(next).toBeGreaterThan(start);
        expect((next ?? 0) % 60_000).toBe(0);
      }),
      searchedCases(300, 3_000),
    );
  });
});

describe('objections', () => {
  it.each<[string, string, string]>([
    ['* * * * * *', 'UTC', 'cron'],
    ['* * * *', 'UTC', 'cron'],
    ['', 'UTC', 'cron'],
    ['*  * * * *', 'UTC', 'cron'],
    ['61 * * * *', 'UTC', 'cron'],
    ['* 24 * * *', 'UTC', 'cron'],
    ['*/0 * * * *', 'UTC', 'cron'],
    ['10-5 * * * *', 'UTC', 'cron'],
    ['0 0 ? * *', 'UTC', 'cron'],
    ['0 0 15W * *', 'UTC', 'cron'],
    ['+0 0 1 * *', 'UTC', 'cron'],
    ['H * * * *', 'UTC', 'cron'],
    ['@reboot', 'UTC', 'cron'],
    ['@every 5m', 'UTC', 'cron'],
    ['٣ * * * *', 'UTC', 'cron'],
    [`${'1,'.repeat(200)}1 * * * *`, 'UTC', 'cron'],
    ['0 0 30 2 *', 'UTC', 'never'],
    ['* * * * *', 'Mars/Base', 'timeZone'],
    ['* * * * *', '+02:00', 'timeZone'],
    ['* * * * *', '', 'timeZone'],
    ['* * * * *', 'Europe/Berlin; drop', 'timeZone'],
  ])('to %j in %s: %s', (cron, timeZone, to) => {
    expect(calendar.objection(cron, timeZone, ms('2026-01-01'))).toEqual({ to, message: expect.any(String) });
  });

  it.each(['0 0 * * WED', '5,10-20/2 0 1 JAN MON-FRI', '@daily', '0 0 * * fri#L'])('none to %s', (cron) => {
    expect(calendar.objection(cron, 'Europe/Berlin', ms('2026-01-01'))).toBeNull();
  });
});

import { EventEmitter } from 'node:events';
import type { TenantId } from '@taskrunner/core/foundation';
import type { Response } from 'express';
import { OpenStreams } from './open-streams';

const LATER = Date.now() + 60_000;

function holder(sub: string, tenant = 'acme') {
  return { tenant: tenant as TenantId, iss: 'https://id.test', sub };
}

describe('open streams', () => {
  it('are so many at once, of one person, of one tenant and of all', () => {
    const streams = new OpenStreams({ streams: { person: 2, tenant: 3, all: 4 } });
    const open = (sub: string, tenant?: string) => {
      const response = new EventEmitter();
      streams.open(response as unknown as Response, holder(sub, tenant), LATER);
      return response;
    };
    const refused = { code: 'STREAMS_TOO_MANY', headers: { 'Retry-After': '5' } };
    const [first] = [open('ada'), open('ada')];
    expect(() => open('ada')).toThrow(expect.objectContaining(refused));
    open('grace');
    expect(() => open('grace')).toThrow('the tenant has 3 open streams');
    open('ada', 'bravo');
    expect(() => open('ada', 'bravo')).toThrow('the webservice has 4 open streams');
    // What has ended makes room.
    first?.emit('close');
    open('ada');
    expect(() => open('ada')).toThrow('the person has 2 open streams');
  });
});

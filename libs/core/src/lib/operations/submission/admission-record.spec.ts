import type { TenantId } from '../../foundation/ids';
import type { Principal } from '../../foundation/principal';
import { initiatorsOf } from './admission-record';

const iss = 'https://id.test';
const grace: Principal = {
  ...{ iss, sub: 'grace', kind: 'person', tenant: 'acme' as TenantId, name: 'Grace' },
  ...{ scopes: [], grants: [], authTimeMs: 0, acr: null },
  actors: [
    { iss, sub: 'ada', kind: 'person' },
    { iss: 'https://other.test', sub: 'ci', kind: 'client' },
    { iss, sub: 'grace', kind: 'client' },
  ],
};

describe('the initiators of a run', () => {
  it('are the caller and everybody who acts in its token, once each, with those of an original', () => {
    expect(
      initiatorsOf(grace, [
        { iss, sub: 'ada', kind: 'person' },
        { iss, sub: 'linus', kind: 'person' },
      ]),
    ).toEqual([
      { iss, sub: 'grace', kind: 'person' },
      { iss, sub: 'ada', kind: 'person' },
      { iss: 'https://other.test', sub: 'ci', kind: 'client' },
      { iss, sub: 'linus', kind: 'person' },
    ]);
  });
});

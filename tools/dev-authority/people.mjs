// The people, clients and scopes of the development Authority. Plain data: `startDevAuthority` accepts replacements.

/** Scopes of the resource server `taskrunner` (ADR 61). */
export const packScopes = ['packs.read', 'packs.run', 'packs.approve', 'packs.write', 'packs.admin'];

/** `login` is the subject. `scopes` are the maximum for a token of this person; requesting more yields fewer. */
export const people = [
  { login: 'ada', name: 'Ada', tenant: 'acme', scopes: ['packs.read', 'packs.run'], grants: [] },
  { login: 'grace', name: 'Grace', tenant: 'acme', scopes: ['packs.read', 'packs.approve'], grants: ['role:sec-lead'] },
  { login: 'linus', name: 'Linus', tenant: 'acme', scopes: ['packs.read', 'packs.run', 'packs.approve'], grants: [] },
  { login: 'ops', name: 'Ops', tenant: 'acme', scopes: ['packs.read', 'packs.run', 'packs.admin'], grants: [] },
  { login: 'wendy', name: 'Wendy', tenant: 'acme', scopes: ['packs.read', 'packs.write'], grants: [] },
  {
    login: 'mallory',
    name: 'Mallory',
    tenant: 'globex',
    scopes: ['packs.read', 'packs.run', 'packs.approve'],
    grants: [],
  },
];

/** Machines (`kind: 'machine'`: client credentials, a secret that is created at the first start) and public clients of people (PKCE). */
export const clients = [
  { id: 'ci', kind: 'machine', name: 'CI', tenant: 'acme', scopes: ['packs.read', 'packs.run'] },
  { id: 'taskrunner-cli', kind: 'public', name: 'TaskRunner CLI', redirectUris: ['http://127.0.0.1/callback'] },
  { id: 'taskrunner-console', kind: 'public', name: 'TaskRunner console', redirectUris: ['http://127.0.0.1/console/'] },
];

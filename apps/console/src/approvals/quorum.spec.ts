import type { Gate } from '@taskrunner/client';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Quorum } from './quorum';

const GATE = {
  ...{ status: 'open', why: null, approvals: 0, required: 1, decisions: [], policy: null, unreachable: null },
  request: { requirement: { grants: ['packs.approve'], selfApproval: true }, policy: null },
} as unknown as Gate;
const shown = (lastReadAt: Date | null): string =>
  renderToStaticMarkup(createElement(Quorum, { gate: GATE, lastReadAt }));

it('says that nobody has decided only while it knows', () => {
  expect(shown(null)).toContain('Nobody has decided.');
  const before = shown(new Date('2026-11-29T12:00:00.000Z'));
  expect(before).toMatch(/This list is of .*, before the connection was lost\. Decisions may have arrived since\./);
  expect(before).toContain('Nobody had decided then.');
  expect(before).not.toContain('Nobody has decided.');
});

import { basesInWords } from '../verify/check/check';
import { json, listed, q, table, type Section, type Words } from './page';
import type { Report } from './report';

/** How the bundle was verified, so that an auditor can have it repeated. */
export function layoutPaper({ verification, verdict }: Report): Section {
  const { trust, signers, checks } = verdict;
  const rows: (readonly [string, Words])[] = [];
  if (verification !== null) {
    const { verifier, at, trust: file, options, expected } = verification;
    const digest: Words = verifier.sha256 === null ? [] : [', ', q(verifier.sha256)];
    rows.push(
      ['Verifier', [q(`${verifier.name} ${verifier.version}`), ...digest]],
      ['Time of the check', [q(at), ' by the clock of this machine']],
      ['Trust file', file === null ? ['none'] : [q(file.name), ', ', q(file.sha256)]],
      ['Options', listed(options)],
      ['Expected', listed(expected, 'nothing')],
    );
  }
  if (trust !== null)
    for (const [name, value] of Object.entries(trust.require))
      rows.push([`Trust file requires ${name}`, [json(value)]]);
  if (checks.length > 0) rows.push(['Checks that hold', [basesInWords(checks)]]);
  return {
    level: 2,
    title: ['The verification'],
    blocks: [
      ...(rows.length === 0 ? [] : [{ kind: 'facts', rows } as const]),
      ...table(
        ['Signature over', 'Fingerprint of the trusted key'],
        signers.map(({ what, keyid }) => [[what], [q(keyid)]]),
        'No valid signature was found.',
      ),
    ],
  };
}

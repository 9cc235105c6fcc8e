import { canonical } from '../../lib/canonical/canonical';
import { sha256 } from '../../lib/canonical/digest';
import { logFiles } from '../../lib/evidence/records/log-files';
import { isHeld, isWithheld, type RunEvidence } from '../../lib/evidence/records/run-evidence';
import { factsOf } from '../../lib/evidence/records/run-facts';
import { secretNotice } from '../../lib/evidence/records/withheld';
import type { Digest } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import type { Page } from '../../lib/journal/page';
import type { Attempt } from './attempt';
import type { Subject } from './corpus';
import { substituted, restated, type Entries } from './journal';
import { mutationsOf } from './mutate-json';
import { attempt, type Change } from './worker-attempt';

/** What is carried by digest: other bytes everywhere, left out, or a notice in its place. */
export function* carriedAttempts(subject: Subject): Iterable<Attempt> {
  const { evidence, planned } = subject.played;
  const at = (document: string, field: string, mutation: string, change: Change): Attempt =>
    attempt(subject, document, field, mutation, change);
  for (const [digest, text] of evidence.probes) {
    yield at('probe', '(file)', 'dropped', (original) => ({ ...original, probes: new Map() }));
    yield at('probe', '(file)', 'one added', (original) => ({
      ...original,
      probes: new Map([...original.probes, [sha256('{}'), '{}']]),
    }));
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(text) as Json))
      yield at('probe', field, mutation, (original) => {
        const forged = canonical(apply(JSON.parse(text) as Json));
        const pages = restated(
          original.pages,
          (entries) => JSON.parse(JSON.stringify(entries).replaceAll(digest, sha256(forged))) as Entries,
        );
        return { ...original, pages, probes: new Map([[sha256(forged), forged]]) };
      });
  }
  for (const [digest, data] of evidence.artifacts) {
    if (isWithheld(data)) {
      yield at('artifact notice', '(file)', 'dropped', (original) => ({
        ...original,
        artifacts: new Map([...original.artifacts].filter(([name]) => name !== digest)),
      }));
      yield at('artifact notice', 'size', 'changed', (original) => ({
        ...original,
        artifacts: new Map([...original.artifacts, [digest, { ...data, size: (data.size ?? 0) + 1 }]]),
      }));
      continue;
    }
    yield at('artifact', '(bytes)', 'dropped', (original) => ({
      ...original,
      artifacts: new Map([...original.artifacts].filter(([name]) => name !== digest)),
    }));
    yield at('artifact', '(bytes)', 'changed under its digest', (original) => ({
      ...original,
      artifacts: new Map([...original.artifacts, [digest, Buffer.from('forged')]]),
    }));
    yield at('artifact', '(bytes)', 'withheld', (original) => ({
      ...original,
      artifacts: new Map([...original.artifacts, [digest, secretNotice(`artifacts/${digest.slice(7)}`)]]),
    }));
    yield at('artifact', '(bytes)', 'changed everywhere', (original) => {
      const forged = Buffer.from('forged');
      const pages = restated(
        original.pages,
        (entries) =>
          JSON.parse(
            JSON.stringify(entries)
              .replaceAll(
                `"digest":"${digest}","size":${data.length}`,
                `"digest":"${sha256(forged)}","size":${forged.length}`,
              )
              .replaceAll(digest, sha256(forged)),
          ) as Entries,
      );
      return {
        ...original,
        pages: sized(pages, sha256(forged), forged.length),
        artifacts: new Map(
          [...original.artifacts].map(([name, one]) => (name === digest ? [sha256(forged), forged] : [name, one])),
        ),
      };
    });
  }
  for (const [i, stream] of evidence.logs.entries()) {
    const { data } = stream;
    if (!isHeld(data)) continue;
    const path =
      logFiles(factsOf(evidence.pages)).find(
        ({ step, execution }) => step === stream.step && execution === stream.execution,
      )?.path ?? '';
    const put =
      (other: typeof data | null): Change =>
      (original) => ({
        ...original,
        logs: original.logs.flatMap((one, place) =>
          place !== i ? [one] : other === null ? [] : [{ ...one, data: other }],
        ),
      });
    yield at('log', '(bytes)', 'dropped', put(null));
    yield at('log', '(bytes)', 'withheld', (original) => ({
      ...original,
      logs: original.logs.map((one, place) => (place === i ? { ...one, data: secretNotice(path) } : one)),
    }));
    yield at(
      'log',
      '(bytes)',
      'changed under its digest',
      put(
        Buffer.from(
          Buffer.from(data)
            .toString()
            .replace(/[a-z]{3}/, 'xyz'),
        ),
      ),
    );
  }
  for (const [digest, text] of evidence.egress) {
    yield at('egress log', '(text)', 'dropped', (original) => ({
      ...original,
      egress: new Map([...original.egress].filter(([name]) => name !== digest)),
    }));
    const lines = text.split('\n').slice(0, -1);
    for (const [place, line] of lines.entries()) {
      const put = (line: string | null, mutation: string, field: string): Attempt =>
        at(
          place === 0
            ? 'egress log head'
            : `egress log attempt ${line?.includes('"allowed":true') === true ? 'allowed' : 'denied'}`,
          field,
          mutation,
          (original) => {
            const forged = lines
              .flatMap((one, i) => (i !== place ? [`${one}\n`] : line === null ? [] : [`${line}\n`]))
              .join('');
            const pages = restated(
              original.pages,
              (entries) => JSON.parse(JSON.stringify(entries).replaceAll(digest, sha256(forged))) as Entries,
            );
            return {
              ...original,
              pages,
              egress: new Map(
                [...original.egress].map(([name, one]) => (name === digest ? [sha256(forged), forged] : [name, one])),
              ),
            };
          },
        );
      for (const { field, mutation, apply } of mutationsOf(JSON.parse(line) as Json))
        yield put(canonical(apply(JSON.parse(line) as Json)), mutation, field);
      yield put(null, 'dropped', '(line)');
    }
  }
  for (const [i, { request, show }] of evidence.gates.entries()) {
    const put =
      (other: RunEvidence['gates'][number] | null): Change =>
      (original) => ({
        ...original,
        gates: original.gates.flatMap((one, place) => (place !== i ? [one] : other === null ? [] : [other])),
      });
    yield at('gate request', '(file)', 'dropped', put(null));
    yield at('gate show', '(value)', 'changed under its digest', put({ request, show: '{"forged":1}' }));
    if (typeof show === 'string')
      yield at(
        'gate show',
        '(value)',
        'withheld',
        put({
          request,
          show: secretNotice(`gates/${sha256(request).slice(7)}.show.json`),
        }),
      );
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(request) as Json))
      yield at('gate request', field, mutation, (original) => {
        const forged = apply(JSON.parse(request) as Json);
        const pages = substituted(original.pages, sha256(request), forged);
        return put({ request: canonical(forged), show })({ ...original, pages });
      });
  }
  void planned;
}

function sized(pages: readonly Page[], digest: Digest, size: number): readonly Page[] {
  return restated(pages, (entries) =>
    entries.map((entry) =>
      entry.event.type === 'artifact.captured' && entry.event.digest === digest
        ? ({ ...entry, event: { ...entry.event, size } } as Entries[number])
        : entry,
    ),
  );
}

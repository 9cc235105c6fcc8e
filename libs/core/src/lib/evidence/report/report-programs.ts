import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { isItem, ROOT } from '../../plan/place';
import type { RunNode } from '../../plan/plan';
import { policyFiles } from '../statement/derived-files';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { logFiles } from '../records/log-files';
import { asJson, isWithheld, type LogStream, type RunEvidence } from '../records/run-evidence';
import { digestOfRef } from '../records/run-facts';
import type { ReportedLog, ReportedPolicySource, ReportedProgram, ReportedResult } from './report';

/** Maximum bytes and lines of the end of a log in a report. */
const TAIL_BYTES = 4_096;
const TAIL_LINES = 20;

/** Templates of each executable step of the plan as approved, with the script if it is a file of the pack. */
export function reportedPrograms({ index, evidence }: EvidenceDocuments): readonly ReportedProgram[] {
  return [...index.nodes.values()].flatMap(({ id, node }): readonly ReportedProgram[] => {
    if (node.kind !== 'run') return [];
    const { uses, env, files, egress, tools, secrets } = node;
    const digest = digestOf(asJson({ uses, with: node.with, env, files }));
    return [
      {
        step: id,
        uses,
        with: node.with,
        env,
        files,
        egress: egress.map(({ url }) => url),
        tools: Object.keys(tools),
        secrets: secrets.map(({ name }) => name),
        digest,
        script: scriptOf(node, evidence),
      },
    ];
  });
}

function scriptOf(node: RunNode, { pack }: RunEvidence): ReportedProgram['script'] {
  const path = node.uses === 'builtin:script' ? node.with['path'] : undefined;
  if (typeof path !== 'string') return null;
  const plain = path.replace(/^(?:\.\/)+/, '');
  const file = pack.files.find((one) => one.path === plain);
  return {
    path: `pack/files/${plain}`,
    digest: file?.digest ?? null,
    text: file?.bytes ? new TextDecoder().decode(file.bytes) : null,
  };
}

/** Outputs of each step that ended. A value is null if the bundle names it only by digest. */
export function reportedResults({ facts, evidence }: EvidenceDocuments): readonly ReportedResult[] {
  const values = new Map<string, Json>(
    evidence.pages.flatMap((page) => Object.entries(page.values as Readonly<Record<string, Json>>)),
  );
  return facts.stepsEnded.flatMap(({ step, outputs }): readonly ReportedResult[] => {
    const digest = digestOfRef(outputs);
    if (digest === null || step === ROOT || isItem(step)) return [];
    return [{ step, digest, value: values.get(digest) ?? null, isHeld: values.has(digest) }];
  });
}

/** The log of each execution: file, size and last lines. `digests` are those of the files by path. */
export function reportedLogs(
  { facts, evidence }: EvidenceDocuments,
  digests: ReadonlyMap<string, Digest>,
): readonly ReportedLog[] {
  const streams = new Map(evidence.logs.map(({ step, execution, data }) => [`${execution} ${step}`, data]));
  return logFiles(facts).map(({ path, step, execution, chunks }): ReportedLog => {
    const data = streams.get(`${execution} ${step}`);
    return {
      path,
      step,
      execution,
      lines: chunks.reduce((sum, chunk) => sum + chunk.lines, 0),
      bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
      sha256: digests.get(path) ?? null,
      where: whereOf(data),
      tail: data instanceof Uint8Array ? tailOf(data) : null,
    };
  });
}

function whereOf(data: LogStream['data'] | undefined): ReportedLog['where'] {
  if (data instanceof Uint8Array) return 'in the bundle';
  return data !== undefined && isWithheld(data) ? 'withheld' : 'digest only';
}

function tailOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)));
  return text.replace(/\n$/, '').split('\n').slice(-TAIL_LINES).join('\n');
}

/** The source of each policy of the plan. */
export function reportedPolicySources(documents: EvidenceDocuments): readonly ReportedPolicySource[] {
  const paths = policyFiles(documents).map(({ path }) => path);
  return documents.plan.policies.map(({ id, engine, level, digest, source }, i) => {
    return { id, engine, level, digest, source, path: paths[i] ?? '' };
  });
}

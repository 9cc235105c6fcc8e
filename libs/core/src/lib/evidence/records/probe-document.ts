import type { JsonObject } from '../../foundation/json';
import { anyJson, closed, flag, listOf, nullable, oneOf, readShape, text, type Shape } from '../encoding/shape';
import { parseCanonical } from '../encoding/strict-json';

/** What a worker's probe has shown about one sandbox profile. */
interface ProbedProfile {
  readonly profile: string;
  readonly available: boolean;
  /** Why the profile is not available; null if it is. */
  readonly reason: string | null;
  /** How the sandbox is built; null if there is none. */
  readonly sandbox: JsonObject | null;
  /** The attacks that were tried. In an available profile all of them failed. */
  readonly tried: readonly string[];
}

/** The document of a probe, `taskrunner.probe.v1`. */
interface ProbeDocument {
  readonly schema: 'taskrunner.probe.v1';
  readonly profiles: readonly ProbedProfile[];
}

const document = closed<ProbeDocument>({
  schema: oneOf('taskrunner.probe.v1'),
  profiles: listOf(
    closed<ProbedProfile>({
      profile: text,
      available: flag,
      reason: nullable(text),
      sandbox: nullable(anyJson) as Shape<JsonObject | null>,
      tried: listOf(text),
    }),
  ),
});

/** A probe document from its RFC 8785 text. Throws `EVIDENCE_JSON`, `EVIDENCE_NOT_CANONICAL` or `EVIDENCE_SHAPE`. */
export function readProbe(source: string): ProbeDocument {
  return readShape(document, parseCanonical(source), 'a probe document');
}

/** Attacks that every probe under bubblewrap tries, on any machine. */
const ALWAYS_TRIED = [
  'TCP of this machine over IPv4',
  'UDP of this machine over IPv4',
  'an abstract socket of this machine',
  'the metadata address',
  'vsock',
  'packet sockets',
  'raw sockets',
  'io_uring',
] as const;

/** Why a probe does not show that an isolation profile holds; null if it does. */
export function probeObjection({ profiles }: ProbeDocument, isolation: string): string | null {
  const [own, ...more] = profiles.filter(({ profile }) => profile === isolation);
  if (own === undefined) return `it did not try ${isolation}`;
  if (more.length > 0) return `it lists ${isolation} twice`;
  if (!own.available || own.reason !== null) return `it shows that ${isolation} does not hold`;
  if (own.sandbox?.['profile'] !== isolation) return `it describes another sandbox than ${isolation}`;
  const left = isolation.startsWith('bwrap-') ? ALWAYS_TRIED.find((attack) => !own.tried.includes(attack)) : undefined;
  return left === undefined ? null : `it did not try: ${left}`;
}

import { documentsOf } from '../document/documents-of';
import { readDocument } from '../document/read-document';
import { sortFaults, type Fault } from '../foundation/fault';
import { isJsonArray } from '../foundation/json';
import { Reading, type Location } from '../pack/reading/reading';
import { pointerTo } from '../document/json-pointer';
import { scenarioShape, type Scenario } from './scenario';
import { scenarioFault } from './scenario-fault';

/** A scenario with the positions of its parts. */
export interface ReadScenario {
  /** The file that it stands in. */
  readonly file: string;
  readonly scenario: Scenario;
  /** Position of a part by its pointer in the scenario (`/expect/nodes/scan`); `key`: position of its name. */
  readonly locate: (pointer: string, key?: boolean) => Location;
}

/** A fault of a file. */
export interface FileFault extends Fault {
  readonly file: string;
}

/** The scenarios of a file or of several files, with all faults. */
interface ScenarioReading {
  readonly scenarios: readonly ReadScenario[];
  readonly faults: readonly FileFault[];
  /** Number of scenarios that have faults and are therefore missing. Those beyond the maximum count as one. */
  readonly unread: number;
}

/** Maximum number of scenarios of one pack or request, including faulty ones. */
export const MAX_SCENARIOS = 1_000;
/** Maximum bytes of one file. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads scenario files: YAML or JSON by the strict reader of packs. A document is one scenario or a list of them; `---` at the
 * beginning of a line begins another document of the file. Nothing is read after the first scenario that is too many. Never throws
 * for a file.
 */
export function readScenarios(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): ScenarioReading {
  const scenarios: ReadScenario[] = [];
  const faults: FileFault[] = [];
  const names = new Map<string, string>();
  let unread = 0;
  let room = MAX_SCENARIOS;
  for (const { path: file, bytes } of files) {
    const found = readFile(file, bytes, room);
    faults.push(...found.faults);
    unread += found.unread;
    for (const one of found.scenarios) {
      const { name } = one.scenario;
      const before = names.get(name);
      if (before !== undefined) {
        unread++;
        faults.push({
          ...scenarioFault(
            'SCENARIO_NAME_TWICE',
            one.locate('/name'),
            `The name ${name} is already used in ${before}.`,
          ),
          file,
        });
        continue;
      }
      names.set(name, file);
      scenarios.push(one);
    }
    if (found.room === null) break;
    room = found.room;
  }
  return { scenarios, faults, unread };
}

/** `room`: number of further scenarios that are allowed; null: there were more, which is a fault. */
function readFile(file: string, bytes: Uint8Array, before: number): ScenarioReading & { readonly room: number | null } {
  const scenarios: ReadScenario[] = [];
  const faults: Fault[] = [];
  if (bytes.length > MAX_BYTES) {
    const reading = readDocument(bytes, { maxBytes: MAX_BYTES });
    return {
      scenarios,
      faults: reading.kind === 'refused' ? inFile(file, reading.faults) : [],
      unread: 1,
      room: before,
    };
  }
  const text = decode(bytes);
  if (text === null) {
    const whole = { path: '', line: 1, column: 1 };
    const fault = scenarioFault('SCENARIO_TEXT', whole, 'The file is not UTF-8.');
    return { scenarios, faults: inFile(file, [fault]), unread: 1, room: before };
  }
  let unread = 0;
  let room: number | null = before;
  for (const { body, firstLine } of documentsOf(text)) {
    if (room === 0) {
      faults.push(tooMany({ path: '', line: firstLine, column: 1 }));
      unread++;
      room = null;
      break;
    }
    const document = readDocument(body, { maxBytes: MAX_BYTES, firstLine });
    if (document.kind === 'refused') {
      faults.push(...document.faults);
      unread++;
      room -= 1;
      continue;
    }
    const reading = new Reading(document);
    const { value } = document;
    const written = isJsonArray(value)
      ? value.map((one, index) => ({ value: one, at: pointerTo('', index) }))
      : [{ value, at: '' }];
    const excess = written[room];
    for (const one of written.slice(0, room)) {
      const count = reading.faults.length;
      const scenario = scenarioShape.read(one, one.at, reading);
      if (reading.faults.length > count) {
        unread++;
        continue;
      }
      const locate = (pointer: string, key = false): Location => reading.locate(one.at + pointer, key);
      if (expectsNothing(scenario)) {
        unread++;
        faults.push(
          scenarioFault(
            'SCENARIO_EXPECTS_NOTHING',
            locate('/expect'),
            `The scenario ${scenario.name} has no expectations.`,
          ),
        );
      } else scenarios.push({ file, scenario, locate });
    }
    faults.push(...reading.faults);
    if (excess !== undefined) {
      faults.push(tooMany(reading.locate(excess.at)));
      unread++;
      room = null;
      break;
    }
    room -= Math.max(1, written.length);
  }
  return { scenarios, faults: inFile(file, sortFaults(faults)), unread, room };
}

function tooMany(at: Location): Fault {
  return scenarioFault('SCENARIO_TOO_MANY', at, `There are more than ${MAX_SCENARIOS} scenarios.`);
}

function inFile(file: string, faults: readonly Fault[]): readonly FileFault[] {
  return faults.map((fault) => ({ ...fault, file }));
}

function expectsNothing({ expect }: Scenario): boolean {
  const { nodes, classes, ...rest } = expect;
  return (
    Object.keys(nodes).length === 0 &&
    Object.keys(classes).length === 0 &&
    Object.values(rest).every((part) => part === null)
  );
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

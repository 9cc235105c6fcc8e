import { readDocument } from '../document/read-document';
import { sortFaults, type Fault } from '../foundation/fault';
import { isJsonArray } from '../foundation/json';
import { Reading, type Location } from '../pack/reading';
import { pointerTo } from '../document/json-pointer';
import { scenarioShape, type Scenario } from './scenario';
import { scenarioFault } from './scenario-fault';

/** A scenario, and where its parts stand. */
export interface ReadScenario {
  /** The file that it stands in. */
  readonly file: string;
  readonly scenario: Scenario;
  /** Where a part stands, by its pointer in the scenario (`/expect/nodes/scan`); `key`: where its name does. */
  readonly locate: (pointer: string, key?: boolean) => Location;
}

/** A fault of a file. */
export interface FileFault extends Fault {
  readonly file: string;
}

/** The scenarios of a file, or of several, and everything that is wrong with them. */
export interface ScenarioReading {
  readonly scenarios: readonly ReadScenario[];
  readonly faults: readonly FileFault[];
}

/** Most scenarios of one pack. */
const MAX_SCENARIOS = 1_000;
/** Bytes of one file. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads scenario files: YAML or JSON by the strict reader of packs. A document is one scenario or a list of them; `---` at the
 * beginning of a line begins another document of the file. Never throws for a file.
 */
export function readScenarios(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): ScenarioReading {
  const scenarios: ReadScenario[] = [];
  const faults: FileFault[] = [];
  const names = new Map<string, string>();
  for (const { path: file, bytes } of files) {
    const found = readFile(file, bytes);
    faults.push(...found.faults);
    for (const one of found.scenarios) {
      const { name } = one.scenario;
      const before = names.get(name);
      if (before !== undefined)
        faults.push({
          ...scenarioFault('SCENARIO_NAME_TWICE', one.locate('/name'), `The name ${name} is taken in ${before}.`),
          file,
        });
      names.set(name, file);
      if (scenarios.length < MAX_SCENARIOS) scenarios.push(one);
      else if (scenarios.length === MAX_SCENARIOS && !faults.some(({ code }) => code === 'SCENARIO_TOO_MANY'))
        faults.push({
          ...scenarioFault('SCENARIO_TOO_MANY', one.locate(''), `There are more than ${MAX_SCENARIOS} scenarios.`),
          file,
        });
    }
  }
  return { scenarios, faults };
}

function readFile(file: string, bytes: Uint8Array): ScenarioReading {
  const scenarios: ReadScenario[] = [];
  const faults: Fault[] = [];
  if (bytes.length > MAX_BYTES) {
    const reading = readDocument(bytes, { maxBytes: MAX_BYTES });
    return { scenarios, faults: reading.kind === 'refused' ? inFile(file, reading.faults) : [] };
  }
  const text = decode(bytes);
  if (text === null) {
    const whole = { path: '', line: 1, column: 1 };
    return { scenarios, faults: inFile(file, [scenarioFault('SCENARIO_TEXT', whole, 'The file is not UTF-8.')]) };
  }
  for (const part of documentsOf(text)) {
    const document = readDocument(part, { maxBytes: MAX_BYTES * 2 });
    if (document.kind === 'refused') {
      faults.push(...document.faults);
      continue;
    }
    const reading = new Reading(document);
    const { value } = document;
    const written = isJsonArray(value)
      ? value.map((one, index) => ({ value: one, at: pointerTo('', index) }))
      : [{ value, at: '' }];
    for (const one of written) {
      const before = reading.faults.length;
      const scenario = scenarioShape.read(one, one.at, reading);
      if (reading.faults.length > before) continue;
      const locate = (pointer: string, key = false): Location => reading.locate(one.at + pointer, key);
      if (expectsNothing(scenario))
        faults.push(
          scenarioFault(
            'SCENARIO_EXPECTS_NOTHING',
            locate('/expect'),
            `The scenario ${scenario.name} expects nothing.`,
          ),
        );
      else scenarios.push({ file, scenario, locate });
    }
    faults.push(...reading.faults);
  }
  return { scenarios, faults: inFile(file, sortFaults(faults)) };
}

function inFile(file: string, faults: readonly Fault[]): readonly FileFault[] {
  return faults.map((fault) => ({ ...fault, file }));
}

/** The documents of a text, each at the lines where it stood; those without anything but comments are none. */
function documentsOf(text: string): readonly string[] {
  const marks = [...text.matchAll(/^---(?=[ \t\r\n]|$)/gm)].map(({ index }) => index);
  const found: string[] = [];
  let from = 0;
  let linesBefore = 0;
  for (const end of [...marks, text.length]) {
    const part = text.slice(from, end);
    // The marker itself becomes spaces: lines and columns stay.
    const body = from === 0 && !text.startsWith('---') ? part : part.replace(/^---/, '   ');
    if (!/^(?:[ \t\r\n]|#[^\n]*)*$/.test(body)) found.push('\n'.repeat(linesBefore) + body);
    linesBefore += part.split('\n').length - 1;
    from = end;
  }
  return found;
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

// Reads blocks of data in documents with the code that reads such data in the product.
import { createRequire } from 'node:module';
import ts from 'typescript';

const require = createRequire(import.meta.url);
const { readDocument } = require('@taskrunner/core/document');
const { readPack } = require('@taskrunner/core/pack');
const { readScenarios } = require('../../libs/core/dist/lib/simulation/read-scenarios.js');
const { parseConfiguration } = require('@taskrunner/infrastructure/configuration');

const HEAD = 'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: document, version: 1.0.0 }\n';
const STEP = '  steps: [{ id: only, run: { uses: builtin:noop } }]\n';
const indented = (text, by) => text.replace(/^(?=.)/gm, by);

/** A fragment refers to other parts of its document: keys of a configuration, declarations and files of a pack. */
const OUTSIDE = new Set(['CONFIG_CONFLICT', 'PACK_FILE_MISSING', 'PACK_UNKNOWN_SECRET', 'PACK_UNKNOWN_APPROVAL']);

/** The text of `spec`, with a step if the fragment has none. */
function manifestOf(text) {
  const spec = text.startsWith('spec:') ? text : `spec:\n${indented(text, '  ')}`;
  return HEAD + spec + (/^ *steps:/m.test(spec) ? '' : STEP);
}

const lines = (faults) => faults.map(({ code, line, message }) => `${code} ${line}: ${message}`);
const faultsOf = (reading) => (reading.kind === 'refused' ? reading.faults : []);

/** By the tag of a YAML block. */
const YAML = {
  /** A part of something, which is only parsed. */
  fragment: (text) => faultsOf(readDocument(text)),
  pack: (text) => faultsOf(readPack(text)),
  /** Members of `spec`, or `spec` with some of its members. */
  spec: (text) => faultsOf(readPack(manifestOf(text))),
  steps: (text) => faultsOf(readPack(manifestOf(`steps:\n${indented(text, '  ')}`))),
  scenarios: (text) => readScenarios([{ path: 'document.yaml', bytes: Buffer.from(text) }]).faults,
  configuration: (text) => faultsOf(parseConfiguration(text)),
};

/** The faults of a block of YAML, JSON, JavaScript or TypeScript, as lines. */
export async function readBlock({ language, kind, text }) {
  if (language === 'yaml') {
    const read = YAML[kind];
    if (read === undefined) return [`has no tag test=${Object.keys(YAML).join('|')}`];
    return lines(read(text).filter(({ code }) => !OUTSIDE.has(code)));
  }
  if (language === 'json') return kind === 'fragment' ? [] : faultsOfJson(text);
  return faultsOfScript(kind === 'fragment' ? text.replaceAll('…', '{}') : text);
}

function faultsOfJson(text) {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [error.message];
  }
}

/** Syntax alone. */
function faultsOfScript(text) {
  const { diagnostics } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

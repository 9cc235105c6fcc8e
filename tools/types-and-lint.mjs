// Type errors and lint of one project, from one program: what the checker has found out about a file serves the rules that ask for
// types. Apart, as `tsc -p …` and `eslint …` do it, most of the time goes into finding it out again. Exit 1 for any finding.
import { ESLint } from 'eslint';
import ts from 'typescript';

const folder = process.argv[2];
const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\n' };
const fail = (diagnostics) => {
  console.error(ts.formatDiagnostics(diagnostics, host));
  process.exit(1);
};

const onUnRecoverableConfigFileDiagnostic = (diagnostic) => fail([diagnostic]);
const read = ts.getParsedCommandLineOfConfigFile(
  `${folder}/tsconfig.spec.json`,
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic },
);
const program = ts.createProgram({
  rootNames: read.fileNames,
  options: read.options,
  projectReferences: read.projectReferences,
  configFileParsingDiagnostics: ts.getConfigFileParsingDiagnostics(read),
  // ESLint's rules look from a node to those around it.
  host: ts.createCompilerHost(read.options, true),
});
const diagnostics = ts.getPreEmitDiagnostics(program);
if (diagnostics.length > 0) fail(diagnostics);

const parserOptions = { project: null, programs: [program] };
const eslint = new ESLint({ overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parserOptions } }] });
const results = await eslint.lintFiles([folder]);
const text = await (await eslint.loadFormatter('stylish')).format(results);
if (text) console.log(text);
process.exit(results.some(({ errorCount, fatalErrorCount }) => errorCount + fatalErrorCount > 0) ? 1 : 0);

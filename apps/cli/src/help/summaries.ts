import type { Command } from 'commander';

/**
 * The commands in the help of the program, as it prints them: their terms and descriptions. With this table the help does not load the
 * commands. A test compares it with them.
 */
export const SUMMARIES: readonly (readonly [string, string])[] = [
  ['init [options] <name>', 'create a pack from a template that validates, plans, simulates and passes its tests'],
  ['validate [options] <pack>', 'validate a pack, without inputs and without a server'],
  ['plan [options] <pack>', 'plan a pack without a server and print the plan and its hash'],
  ['simulate [options] <pack>', 'simulate a run without a server; no step is executed'],
  [
    'diff [options] <before> <after>',
    'compare the plans of two packs, step by step; exit code 0: the plans are the same, 1: they differ',
  ],
  ['graph [options] <pack>', 'print the step graph of a pack, without a server, as Mermaid, SVG or JSON'],
  ['test [options] <pack>', 'run the scenario tests of a pack (tests/*.yaml); steps are simulated, not executed'],
  [
    'run [options] [pack]',
    'run a pack and follow it; without a server, in this process. Ctrl-C leaves a run on a server and interrupts another one; a second Ctrl-C asks whether to cancel it',
  ],
  ['logs [options] <run>', 'print the log of a run and follow it'],
  ['show [options] <run>', 'show a run, its steps and its gates'],
  ['list [options]', 'list runs, newest first'],
  ['wait [options] <run>', 'wait until a run ends or requires manual action'],
  ['cancel [options] <run>', 'cancel a run; without a server, also one that was interrupted'],
  ['whoami [options]', 'show the identity, tenant and scopes of the token'],
  ['outputs [options] <run> [step]', 'print the outputs of a run, or of one of its steps'],
  [
    'gates [options] <run>',
    'show the gates of a run: status, policy result, and each decision with person, time, reason and proof',
  ],
  ['approvals [options]', 'list open gates'],
  ['approve [options] <run> [gate]', 'approve a gate'],
  ['reject [options] <run> [gate]', 'reject a gate; the run then ends'],
  ['withdraw [options] <run> [gate]', 'withdraw your approval while the gate is open'],
  [
    'rerun [options] <run>',
    'rerun an ended run and follow it; results of succeeded steps are reused, and gates must be approved again',
  ],
  ['release [options] <run>', 'retry the seal of evidence that is blocked (evidence.status: blocked)'],
  ['resolve [options] <run> <step>', 'record the outcome of a step whose outcome is unknown (needs_attention)'],
  ['artifacts [options] <run>', 'list the artifacts of a run and their digests, or download them'],
  ['evidence [options] <run>', 'download the signed evidence bundle of an ended run as a tar file'],
  ['schedule', 'run packs on a schedule'],
  ['forget [options] [runs...]', 'delete kept runs of this account, which were executed without a server'],
  [
    'login [options]',
    'sign in at the issuer of a server; the tokens are kept in the configuration folder of this user',
  ],
  ['logout [options]', 'sign out: delete the tokens of a context, and revoke its refresh token at the issuer'],
  ['context', 'name servers, and choose the one that commands use'],
  ['pack', 'build, sign, publish and verify packs'],
  ['audit', 'export and verify the audit chain of the tenant'],
  ['verify [options] <bundle>', 'verify the evidence of a run offline; only the trust file is trusted'],
  [
    'inspect [options] <bundle>',
    'write a report for an auditor: approvals with person, time and reason, and the results of the run',
  ],
  [
    'key [options] [file]',
    'print a public key of a trust file as PEM, for tools such as cosign; or the entry of a key file for a trust file',
  ],
  ['config', 'check and show the configuration of the services'],
  ['serve [options]', 'run webservice and worker in one process, for a small installation; SIGTERM or Ctrl-C stops it'],
  ['migrate [options]', 'migrate the database to this release, with the owner role'],
  ['maintain [options]', 'run daily maintenance: create partitions and delete data past its retention'],
  [
    'dev [options]',
    'run a development stack on this machine: database, authority, webservice and worker; Ctrl-C stops it',
  ],
  ['completion <shell>', 'print a script that completes commands and options in a shell'],
  ['explain [options] <code>', 'explain an error code: meaning, HTTP status, exit code and remedy; needs no server'],
  ['schema', 'print the JSON Schema of packs'],
];

/** Registers commands that only the help of the program and its hints for mistyped words use. */
export function registerSummaries(program: Command): void {
  for (const [term, description] of SUMMARIES) {
    const command = program.command(term.replace(' [options]', '')).description(description);
    if (term.includes(' [options]')) command.option('--help-of-command');
  }
}

import { randomBytes } from 'node:crypto';
import { pack } from '../stack/stack';

/** Random secrets and sensitive inputs of one run of the tests. */
export const FILE_SECRET = `F1le&S3cret+${randomBytes(9).toString('hex')}/"q'z`;
export const VARIABLE_SECRET = `Env-${randomBytes(12).toString('base64url')}`;
export const PIN = `pin-${randomBytes(10).toString('hex')}`;
export const BODY_PIN = `pin-${randomBytes(10).toString('hex')}`;

/** Prints a value in every encoding, across chunk boundaries, and writes it to forbidden places. */
const TALKATIVE = `
import base64, binascii, hashlib, html, json, os, shlex, sys, urllib.parse
kept = open("/run/secrets/deploy", "rb").read().decode() if os.path.isdir("/run/secrets") else open(os.environ["TASKRUNNER_SECRETS"] + "/deploy").read()
values = [kept.rstrip("\\n"), os.environ["API_TOKEN"], os.environ["PIN"]]
assert all(values)
for v in values:
    raw = v.encode()
    print(v, json.dumps(v), urllib.parse.quote(v, safe=""), html.escape(v), shlex.quote(v))
    for before in (b"", b"a", b"ab"):
        print(base64.b64encode(before + raw).decode(), base64.urlsafe_b64encode(before + raw + b"x").decode())
    print(binascii.hexlify(raw).decode(), file=sys.stderr)
    for unit in v:
        os.write(1, unit.encode())
    print()
    print("\\x1b[31m" + v[:6] + "\\x1b[0m" + v[6:])
print("digests", *[hashlib.sha256(v.encode()).hexdigest() for v in values])
`;

/** A pack whose steps disclose their secrets wherever they can. */
export const LOUD = pack(
  `- id: say
  run:
    uses: "builtin:script"
    with: { interpreter: [python3], source: ${JSON.stringify(TALKATIVE)} }
    env: { PIN: "{{ inputs.pin }}" }
    secrets: [ { name: deploy }, { name: token, env: API_TOKEN } ]
- id: plant
  run:
    uses: "builtin:script"
    with: { interpreter: [sh], source: "printf 'report %s' \\"$API_TOKEN\\" > out/report.txt; echo clean > out/clean.txt; cp out/clean.txt \\"out/$API_TOKEN.log\\"" }
    secrets: [ { name: token, env: API_TOKEN } ]
    artifacts: [ { name: report, path: out/report.txt }, { name: clean, path: out/clean.txt }, { name: logs, path: "out/*.log" } ]
- id: whisper
  continueOnError: true
  run:
    uses: "builtin:script"
    with: { interpreter: [sh], source: "echo \\"{\\\\\\"token\\\\\\": \\\\\\"x$API_TOKEN\\\\\\"}\\" > \\"$TASKRUNNER_OUTPUTS\\"" }
    secrets: [ { name: token, env: API_TOKEN } ]`,
  '  inputs: [ { name: pin, type: string, required: true, sensitive: true } ]\n  secrets: [ { name: deploy }, { name: token } ]\n',
);

/** A pack whose step after the gate uses the secret `NAME`. */
export const GATED = pack(
  `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: 1 } } } }
- { id: approve, gate: { approval: owners, message: "go?" } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "test -n \\"$T\\" && echo applied" }, secrets: [ { name: NAME, env: T } ] } }`,
  '  approvals: [ { id: owners, minApprovals: 1 } ]\n  secrets: [ { name: NAME } ]\n',
);
/** A pack with a sensitive input. */
export const WITH_PIN = pack(
  '- { id: a, run: { uses: "builtin:script", with: { interpreter: [sh], source: "test \\"$PIN\\" = \\"$(cat in/pin)\\" && echo right" }, env: { PIN: "{{ inputs.pin }}" }, files: { pin: { content: "{{ inputs.pin }}" } } } }',
  '  inputs: [ { name: pin, type: string, required: true, sensitive: true } ]\n',
);

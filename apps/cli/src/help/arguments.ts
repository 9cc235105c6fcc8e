/** What arguments mean, by name. Commands that need another text state it themselves. */
export const ARGUMENTS: Readonly<Record<string, string>> = {
  run: 'id of the run, the beginning or the last 8 characters of its id, or latest (the newest run that you submitted)',
  runs: 'ids of kept runs, the beginnings of their ids, or latest',
  step: 'id of a step, as printed by show, such as scan or rollout[2]::apply',
  gate: 'id of a gate (default: the only open gate of the run)',
  pack: 'folder with pack.yaml, a manifest, a tar file, or name:version of a published pack',
  before: 'earlier pack, in the same forms as for plan',
  after: 'later pack, in the same forms as for plan',
  bundle: 'evidence bundle (a tar file), as written by evidence',
  reference: 'published pack: name:version or name@sha256:…',
  schedule: 'id or name of the schedule',
  name: 'name of the new pack: lowercase letters, digits and hyphens',
  export: 'file with entries of the audit chain, as written by audit export',
  login: 'name of the person: ada, grace, linus, ops, wendy or mallory',
  code: 'error code, such as GATE_SELF_APPROVAL',
};

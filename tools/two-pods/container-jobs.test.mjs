// Steps of builtin:container as Jobs: the rendered component, and the requests that its admission policy permits a worker. The policy is
// evaluated by the CEL library that policies of packs use; types and functions specific to Kubernetes are not needed here.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const ofInfrastructure = createRequire(join(ROOT, 'libs/infrastructure/package.json'));
const { parseAllDocuments } = ofInfrastructure('yaml');
const { jobOf } = ofInfrastructure(join(ROOT, 'libs/infrastructure/dist/lib/container/kubernetes-job.js'));
const { celEnv, parse, plan } = createRequire(join(ROOT, 'libs/core/package.json'))('@bufbuild/cel');
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!hasKubectl && process.env.CI === 'true') throw new Error('kubectl is needed (Debian: kubernetes-client)');

const job = jobOf(
  {
    ...{ tenant: 'acme', run: 'run_1', step: 'a', execution: 1, command: [], args: ['x'], env: { A: 'b' } },
    image: { name: 'r.example/x', digest: `sha256:${'a'.repeat(64)}` },
    limits: { memoryBytes: null, cpuMillicores: null, processes: null, openFiles: 64, fileBytes: 1 },
    ...{
      workspace: '/var/lib/taskrunner/work/r/1',
      deadlineMs: 10_000,
      stopGraceMs: 1_000,
      signal: new AbortController().signal,
    },
  },
  {
    ...{ namespace: 'taskrunner-steps', workClaim: 'taskrunner-steps', workSubPath: 'taskrunner-worker-1' },
    ...{
      workDirectory: '/var/lib/taskrunner/work',
      serviceAccount: 'taskrunner-step',
      nodeSelector: {},
      runtimeClass: null,
    },
    ...{
      imagePullSecrets: [],
      pull: 'missing',
      user: { uid: 10_001, gid: 10_001 },
      startTimeoutMs: 1_000,
      ttlMs: 1_000,
    },
    ceiling: { memoryBytes: 1 << 30, cpuMillicores: 1_000, processes: 64, tmpBytes: 1 << 20 },
    ...{ ownerPod: null, place: 'x' },
  },
);

function render() {
  const folder = mkdtempSync(join(tmpdir(), 'container-jobs-'));
  try {
    const below = (path) => relative(folder, join(ROOT, 'docker/kubernetes', path));
    const kustomization = { resources: [below('base')], components: [below('components/container-jobs')] };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
    return parseAllDocuments(text).map((one) => one.toJS());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('container jobs', { skip: !hasKubectl }, async (t) => {
  const documents = render();
  const named = (kind, name, namespace) =>
    documents.find((one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace);

  await t.test('have a namespace under `restricted`, in which nothing of ours lies and nothing is reached', () => {
    const labels = named('Namespace', 'taskrunner-steps')?.metadata.labels;
    assert.equal(labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
    const kinds = documents.filter((one) => one.metadata.namespace === 'taskrunner-steps').map(({ kind }) => kind);
    const expected = [
      'NetworkPolicy',
      'PersistentVolumeClaim',
      'ResourceQuota',
      'Role',
      'RoleBinding',
      'ServiceAccount',
    ];
    assert.deepEqual(kinds.sort(), expected);
    const closed = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
    assert.deepEqual(named('NetworkPolicy', 'default-deny', 'taskrunner-steps').spec, closed);
  });

  await t.test('are all that the worker may make, and there alone', () => {
    const roles = documents.filter(({ kind }) => /Role$/.test(kind));
    assert.deepEqual(
      roles.map(({ kind, metadata }) => [kind, metadata.namespace]),
      [['Role', 'taskrunner-steps']],
    );
    const { subjects } = named('RoleBinding', 'taskrunner-container-jobs', 'taskrunner-steps');
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'taskrunner-worker', namespace: 'taskrunner' }]);
    const allowed = roles[0].rules.flatMap(({ resources, verbs }) => resources.map((one) => [one, ...verbs].join(' ')));
    assert.deepEqual(allowed, ['jobs create get list delete', 'pods list delete', 'pods/log get']);
  });

  await t.test('share their volume with the workers, by two claims of one file system', () => {
    const [jobs, workers] = ['jobs', 'workers'].map((of) => named('PersistentVolume', `taskrunner-steps-${of}`).spec);
    assert.deepEqual(jobs.nfs, workers.nfs);
    assert.deepEqual(
      [jobs, workers].map(({ claimRef }) => claimRef.namespace),
      ['taskrunner-steps', 'taskrunner'],
    );
    const { spec } = named('Deployment', 'taskrunner-worker', 'taskrunner').spec.template;
    assert.ok(
      spec.volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === 'taskrunner-steps'),
    );
    // A Job cannot be owned by a pod of another namespace: the cluster would remove it.
    assert.ok(!spec.containers[0].env.some(({ name }) => name.includes('OWNER_POD')));
  });

  const { spec: policy, metadata } = documents.find(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  const binding = documents.find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  await t.test('are looked at by a policy that is bound to their namespace and denies', () => {
    assert.equal(metadata.namespace, undefined);
    assert.deepEqual(binding.spec, {
      policyName: metadata.name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'taskrunner-steps' } } },
    });
    assert.equal(policy.failurePolicy, 'Fail');
    const operations = policy.matchConstraints.resourceRules.flatMap((rule) => rule.operations);
    assert.deepEqual(operations, ['CREATE', 'UPDATE']);
  });

  const environment = celEnv();
  const evaluate = (expression, bindings) => plan(environment, parse(expression))(bindings);
  /** Messages of the rules that fail. A rule that cannot be evaluated fails too. */
  const refusals = (object) => {
    const variables = {};
    for (const { name, expression } of policy.variables) variables[name] = evaluate(expression, { object, variables });
    return policy.validations
      .filter(({ expression }) => evaluate(expression, { object, variables }) !== true)
      .map(({ message }) => message);
  };
  await t.test('of a worker are admitted', () => assert.deepEqual(refusals(job), []));

  const podOf = (object) => object.spec.template.spec;
  const stepOf = (object) => podOf(object).containers[0];
  const ATTACKS = {
    'a second container': [(one) => podOf(one).containers.push(stepOf(one)), 'a step is one container'],
    'a container that begins before it': [
      (one) => (podOf(one).initContainers = [stepOf(one)]),
      'a step is one container',
    ],
    'an image by tag': [(one) => (stepOf(one).image = 'r.example/x:latest'), 'the image of a step is pinned by digest'],
    'the keys of the webservice': [
      (one) => podOf(one).volumes.push({ name: 'k', secret: { secretName: 'taskrunner-webservice-keys' } }),
      'a step mounts the claim taskrunner-steps and memory, no Secret, ConfigMap, token or other claim',
    ],
    'a projected token': [
      (one) => podOf(one).volumes.push({ name: 'k', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }),
      'a step mounts the claim taskrunner-steps and memory, no Secret, ConfigMap, token or other claim',
    ],
    'a path of the host': [
      (one) => podOf(one).volumes.push({ name: 'k', hostPath: { path: '/' } }),
      'a step mounts the claim taskrunner-steps and memory, no Secret, ConfigMap, token or other claim',
    ],
    'another claim': [
      (one) => (podOf(one).volumes[0].persistentVolumeClaim.claimName = 'taskrunner-objects'),
      'a step mounts the claim taskrunner-steps and memory, no Secret, ConfigMap, token or other claim',
    ],
    'no volumes at all': [
      (one) => delete podOf(one).volumes,
      'a step mounts the claim taskrunner-steps and memory, no Secret, ConfigMap, token or other claim',
    ],
    'the whole claim': [
      (one) => delete stepOf(one).volumeMounts[0].subPath,
      'a step mounts its own folder of the claim, never the whole of it or that of a worker',
    ],
    'the folder of a worker': [
      (one) => (stepOf(one).volumeMounts[0].subPath = 'taskrunner-worker-2'),
      'a step mounts its own folder of the claim, never the whole of it or that of a worker',
    ],
    'a variable from a Secret': [
      (one) => stepOf(one).env.push({ name: 'K', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }),
      'the variables of a step are values',
    ],
    'variables from a ConfigMap': [
      (one) => (stepOf(one).envFrom = [{ configMapRef: { name: 'c' } }]),
      'the variables of a step are values',
    ],
    'another account': [
      (one) => (podOf(one).serviceAccountName = 'default'),
      'a step runs as taskrunner-step and has no token',
    ],
    'a token': [
      (one) => (podOf(one).automountServiceAccountToken = true),
      'a step runs as taskrunner-step and has no token',
    ],
    'a root that can be written': [
      (one) => (stepOf(one).securityContext.readOnlyRootFilesystem = false),
      'a step has a read-only root and limits',
    ],
    'no limit of memory': [
      (one) => delete stepOf(one).resources.limits.memory,
      'a step has a read-only root and limits',
    ],
    'no deadline': [(one) => delete one.spec.activeDeadlineSeconds, 'a step runs once, and ends at a deadline'],
    'tries without end': [(one) => (one.spec.backoffLimit = 1_000), 'a step runs once, and ends at a deadline'],
    'a node of its choice': [
      (one) => (podOf(one).nodeName = 'control-plane-1'),
      'a step takes the nodes and the priority that it is given',
    ],
    'nodes that are kept free': [
      (one) => (podOf(one).tolerations = [{ operator: 'Exists' }]),
      'a step takes the nodes and the priority that it is given',
    ],
  };
  for (const [what, [attack, message]] of Object.entries(ATTACKS))
    await t.test(`with ${what} are refused`, () => {
      const altered = structuredClone(job);
      attack(altered);
      assert.ok(refusals(altered).includes(message), JSON.stringify(refusals(altered)));
    });
});

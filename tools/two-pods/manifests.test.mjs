// Compares properties of the shipped manifests with the output of `kubectl kustomize`.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BlockList, isIPv4 } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const OVERLAYS = join(ROOT, 'docker/kubernetes/overlays');
const { parseAllDocuments } = createRequire(join(ROOT, 'libs/infrastructure/package.json'))('yaml');
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!hasKubectl && process.env.CI === 'true') throw new Error('kubectl is needed (Debian: kubernetes-client)');
if (!hasKubectl) console.log('skipped: no kubectl');

const render = (overlay) =>
  parseAllDocuments(execFileSync('kubectl', ['kustomize', join(OVERLAYS, overlay)], { encoding: 'utf8' })).map((one) =>
    one.toJS(),
  );
const podsOf = (documents) =>
  documents.flatMap(({ kind, metadata, spec }) => {
    const template = kind === 'CronJob' ? spec.jobTemplate.spec.template : spec?.template;
    return template
      ? [{ name: `${kind} ${metadata.name}`, kind, labels: template.metadata?.labels ?? {}, spec: template.spec }]
      : [];
  });
const selects = ({ matchLabels = {}, matchExpressions = [] }, labels) =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    if (operator === 'In') return values.includes(labels[key]);
    throw new TypeError(`operator ${operator} is not read here`);
  });
/** True if an egress rule permits connections to this host and port. */
function leadsTo({ to = [], ports }, host, port) {
  if (ports && !ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === 'TCP')) return false;
  return to.length === 0 || to.some(({ ipBlock }) => ipBlock !== undefined && isIn(ipBlock.cidr, host));
}
function isIn(cidr, host) {
  const [address, bits] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(address, Number(bits));
  return block.check(host);
}

for (const overlay of readdirSync(OVERLAYS)) {
  test(`overlay ${overlay}`, { skip: !hasKubectl }, async (t) => {
    const documents = render(overlay);
    const pods = podsOf(documents);
    const names = (kind) => documents.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);

    await t.test('is two Deployments, a Service, jobs, budgets and closed networks', () => {
      assert.deepEqual(names('Deployment').sort(), ['taskrunner-webservice', 'taskrunner-worker']);
      assert.deepEqual(names('Service'), ['taskrunner-webservice']);
      assert.deepEqual(names('PodDisruptionBudget').sort(), ['taskrunner-webservice', 'taskrunner-worker']);
      assert.deepEqual(names('Job'), ['taskrunner-migrate']);
      assert.deepEqual(names('CronJob'), ['taskrunner-maintain']);
      const closed = documents.find(
        ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'default-deny',
      );
      assert.deepEqual(closed.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    });

    for (const { name, kind, spec } of pods)
      await t.test(`${name}: nobody's root, nothing writable but volumes, no token, no privilege`, () => {
        assert.equal(spec.automountServiceAccountToken, false);
        assert.equal(spec.securityContext.runAsNonRoot, true);
        assert.ok(spec.securityContext.runAsUser >= 10_000);
        for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
          const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities, privileged } =
            container.securityContext;
          assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem, privileged], [false, true, undefined]);
          assert.deepEqual(capabilities, { drop: ['ALL'] });
          assert.ok(container.resources.requests.cpu && container.resources.limits.memory);
        }
        assert.ok(!(spec.volumes ?? []).some(({ hostPath }) => hostPath), 'no path of the host');
        if (kind === 'Deployment')
          for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
            assert.match(spec.containers[0][probe].httpGet.path, /^\/health\/(live|ready)$/);
      });

    await t.test('lets every pod reach its database, past the closed network', () => {
      const text = documents.find(
        ({ kind, metadata }) => kind === 'ConfigMap' && /^taskrunner/.test(metadata.name),
      ).data;
      const { host, port = 5_432 } = parseAllDocuments(text['task-runner.yaml'])[0].toJS().database;
      const policies = documents.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec);
      for (const { name, labels, spec } of pods) {
        // In the network of the host, no policy is enforced.
        if (spec.hostNetwork) continue;
        assert.ok(isIPv4(host), `${name}: where ${host} is, no policy can be shown to let it`);
        const egress = policies
          .filter(({ podSelector }) => selects(podSelector, labels))
          .flatMap((one) => one.egress ?? []);
        assert.ok(
          egress.some((rule) => leadsTo(rule, host, port)),
          `${name} cannot reach ${host}:${port}`,
        );
        assert.ok(!egress.some((rule) => leadsTo(rule, '198.51.100.1', port)), `${name} reaches anything`);
      }
    });

    await t.test('gives pods that end as long as the configuration lets them take', () => {
      const { parseConfiguration } = createRequire(import.meta.url)('@taskrunner/infrastructure/configuration');
      const { http, worker } = parseConfiguration('').configuration;
      const graceMs = (deployment) =>
        1_000 * pods.find(({ name }) => name === `Deployment ${deployment}`).spec.terminationGracePeriodSeconds;
      assert.ok(graceMs('taskrunner-webservice') >= http.lameDuck + http.drain + 10_000);
      assert.ok(graceMs('taskrunner-worker') >= worker.drain + worker.stopGrace + 15_000);
      const { periodSeconds, failureThreshold } = pods.find(({ name }) => name === 'Deployment taskrunner-webservice')
        .spec.containers[0].readinessProbe;
      assert.ok(1_000 * periodSeconds * failureThreshold < http.lameDuck, 'probes notice before the listener closes');
    });

    await t.test('gives each service its own keys only', () => {
      const secretsOf = (deployment) =>
        pods
          .find(({ name }) => name === `Deployment ${deployment}`)
          .spec.volumes.flatMap(({ secret }) => (secret ? [secret.secretName] : []));
      assert.deepEqual(secretsOf('taskrunner-webservice').sort(), [
        'taskrunner-database',
        'taskrunner-webservice-keys',
      ]);
      assert.deepEqual(secretsOf('taskrunner-worker').sort(), ['taskrunner-database', 'taskrunner-worker-keys']);
    });
  });
}

test(
  'the example scales workers by their load, and leaves their number to the autoscaler',
  { skip: !hasKubectl },
  () => {
    const documents = render('example');
    const scaler = documents.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
    assert.equal(scaler.spec.scaleTargetRef.name, 'taskrunner-worker');
    const [{ external }] = scaler.spec.metrics;
    // A share of the workers' capacity. An average value per pod would ignore how much one may drive.
    assert.deepEqual(external, {
      metric: { name: 'taskrunner_worker_load' },
      target: { type: 'Value', value: '800m' },
    });
    const replicas = (name) =>
      documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name).spec.replicas;
    assert.deepEqual([replicas('taskrunner-worker'), replicas('taskrunner-webservice')], [undefined, 2]);
  },
);

test(
  'the component of backups is a job with the password of the maintain role alone, in a volume of its own',
  { skip: !hasKubectl },
  () => {
    const folder = join(ROOT, 'docker/kubernetes/components/backup');
    const documents = parseAllDocuments(readFileSync(join(folder, 'backup.yaml'), 'utf8')).map((one) => one.toJS());
    const [{ spec, labels }] = podsOf(documents);
    // Policies of the base allow it to reach the database.
    assert.equal(labels['app.kubernetes.io/name'], 'taskrunner-job');
    assert.deepEqual(
      spec.volumes.flatMap(({ secret }) =>
        secret ? [[secret.secretName, ...secret.items.map(({ key }) => key)]] : [],
      ),
      [['taskrunner-database', 'maintain']],
    );
    assert.deepEqual(
      spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : [])),
      ['taskrunner-objects', 'taskrunner-backups'],
    );
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);
    // An overlay with the component can be rendered.
    const overlay = mkdtempSync(join(OVERLAYS, '.backup-'));
    try {
      const kustomization =
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base]\ncomponents: [../../components/backup]\n';
      writeFileSync(join(overlay, 'kustomization.yaml'), kustomization);
      const text = execFileSync('kubectl', ['kustomize', overlay], { encoding: 'utf8' });
      const jobs = parseAllDocuments(text)
        .map((one) => one.toJS())
        .filter(({ kind }) => kind === 'CronJob');
      assert.deepEqual(jobs.map(({ metadata }) => metadata.name).sort(), ['taskrunner-backup', 'taskrunner-maintain']);
      const [job] = jobs.filter(({ metadata }) => metadata.name === 'taskrunner-backup');
      const { volumes } = job.spec.jobTemplate.spec.template.spec;
      assert.match(volumes.find(({ configMap }) => configMap).configMap.name, /^taskrunner-[a-z0-9]+$/);
    } finally {
      rmSync(overlay, { recursive: true });
    }
  },
);

test('the recorded load is made of numbers that the services show', () => {
  const component = readFileSync(join(ROOT, 'docker/kubernetes/components/monitoring/kustomization.yaml'), 'utf8');
  const guide = readFileSync(join(ROOT, 'docs/guides/observability.md'), 'utf8');
  const names = component.match(/taskrunner_\w+(?=\))/g);
  assert.deepEqual(names, ['taskrunner_queue_demand_runs', 'taskrunner_runs_capacity']);
  for (const name of names) assert.ok(guide.includes(`| \`${name}\` |`), name);
});

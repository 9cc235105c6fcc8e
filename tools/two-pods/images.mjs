// The images, built by podman from a base of this machine's own packages, without a registry.
import { must } from './programs.mjs';

const BASE = 'localhost/taskrunner-base';
// A machine may have lower limits than podman's defaults.
const LIMITS = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:4096'];

export const podman = (args, options) =>
  must('podman', ['--runtime', process.env.TASKRUNNER_OCI_RUNTIME ?? 'runc', ...args], {
    env: { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' },
    ...options,
  });

/** Builds missing images, or all of them. */
export async function buildImages(root, { again, npmCache, npmrc }) {
  const has = async (name) => (await podman(['images', '-q', name])).trim() !== '';
  const missing = [];
  for (const name of ['webservice', 'worker'])
    if (again || !(await has(`localhost/taskrunner-${name}`))) missing.push(name);
  if (missing.length === 0) return;
  await must(`${root}/docker/local-base.sh`, [BASE], { cwd: root });
  const mounts = [npmCache, npmrc].filter(Boolean).flatMap((path) => ['-v', `${path}:${path}`]);
  for (const name of missing) {
    const args = ['--network', 'host', '--build-arg', `BASE=${BASE}`, '--build-arg', 'NPM_FLAGS=--prefer-offline'];
    const file = ['-f', `docker/${name}.Dockerfile`, '-t', `localhost/taskrunner-${name}`, '.'];
    await podman(['build', ...LIMITS, ...mounts, ...args, ...file], { cwd: root });
  }
}

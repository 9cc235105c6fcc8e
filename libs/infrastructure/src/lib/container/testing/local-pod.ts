import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { V1Container, V1ContainerState, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { RUNTIME } from './engine-contract';
import { podman, PODMAN_ENVIRONMENT } from './tiny-image';

const run = promisify(execFile);

/** A test double of a pod with one container. Podman runs it on this machine as a node would. */
export class LocalPod {
  readonly name: string;
  readonly logFile: string;
  /** The file exists once the first process is created. */
  private readonly pidFile: string;
  over = false;
  private imageID = '';
  private state: V1ContainerState = { waiting: { reason: 'ContainerCreating' } };
  private deleted = false;
  private readonly finished: Promise<void>;
  private begin!: () => void;
  /** Resolves when the container runs, or never will. */
  private readonly begun = new Promise<void>((resolve) => (this.begin = resolve));

  constructor(
    readonly labels: Readonly<Record<string, string>>,
    private readonly spec: V1PodSpec,
    name: string,
    private readonly place: { readonly folder: string; readonly volume: string; readonly label: string },
    private readonly substitute: ReadonlyMap<string, string>,
    private readonly activeMs: number,
  ) {
    this.name = name;
    this.logFile = join(place.folder, `${name}.log`);
    this.pidFile = join(place.folder, `${name}.pid`);
    closeSync(openSync(this.logFile, 'a'));
    this.finished = this.live();
  }

  get pod(): V1Pod {
    const [container] = this.spec.containers;
    const { terminated, running } = this.state;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: this.name, labels: { ...this.labels } },
      spec: this.spec,
      status: {
        phase: terminated ? (terminated.exitCode === 0 ? 'Succeeded' : 'Failed') : running ? 'Running' : 'Pending',
        ...(this.late ? { reason: 'DeadlineExceeded' } : {}),
        containerStatuses: [
          {
            ...{ name: container?.name ?? '', image: container?.image ?? '', imageID: this.imageID },
            ...{ ready: false, restartCount: 0, state: this.state },
          },
        ],
      },
    };
  }

  private late = false;

  /** Ends the pod as a kubelet does: SIGTERM, then SIGKILL after the grace period. Resolves when it is gone. */
  async delete(graceSeconds: number): Promise<void> {
    this.deleted = true;
    await this.begun;
    await run('podman', ['stop', '--ignore', '-t', String(graceSeconds), this.name], { env: PODMAN_ENVIRONMENT }).catch(
      () => undefined,
    );
    await this.finished;
  }

  private async live(): Promise<void> {
    const [container] = this.spec.containers as [V1Container];
    const image = this.substitute.get(container.image ?? '') ?? container.image ?? '';
    try {
      await podman(...this.createArguments(container, image));
      if (this.deleted) return;
      const log = openSync(this.logFile, 'a');
      const args = ['--runtime', RUNTIME, 'start', '--attach', '--sig-proxy=false', this.name];
      const child = spawn('podman', args, {
        stdio: ['ignore', log, log],
        env: PODMAN_ENVIRONMENT,
        cwd: this.place.folder,
      });
      closeSync(log);
      let isOver = false;
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve(void (isOver = true))));
      const deadline = setTimeout(() => {
        this.late = true;
        void this.delete(0);
      }, this.activeMs);
      // Polling by podman would start processes that use more of the machine than the container.
      while (!isOver && !existsSync(this.pidFile)) await delay(20);
      // podman creates a container only from the image with this digest.
      this.imageID = image;
      this.state = { running: {} };
      this.begin();
      await exited;
      clearTimeout(deadline);
      const { exitCode, starved } = await this.inspect();
      const reason = starved ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
      this.state = { terminated: { exitCode, reason } };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const reason = message.includes('image not known') ? 'ErrImageNeverPull' : 'CreateContainerError';
      this.state = { waiting: { reason, message } };
    } finally {
      this.over = true;
      this.begin();
      await podman('rm', '--force', '--ignore', '--time', '0', this.name);
    }
  }

  private async inspect() {
    const format = '{{.State.ExitCode}} {{.State.OOMKilled}}';
    const [exitCode, starved] = (await podman('inspect', '--format', format, this.name)).split(' ');
    return { exitCode: Number(exitCode), starved: starved === 'true' };
  }

  /** Translates the pod's specification as a kubelet does. It adds and removes nothing by itself. */
  private createArguments(container: V1Container, image: string): string[] {
    const { securityContext: own = {}, env = [], volumeMounts = [], command, args = [] } = container;
    const values = new Map(env.map(({ name, value = '' }) => [name, expanded(value, new Map())]));
    const isolated = this.labels['taskrunner.stellaops.io/network'] === 'none';
    return [
      ...['create', '--name', this.name, '--pidfile', this.pidFile, '--label', this.place.label],
      ...['--pull', 'never', '--log-driver', 'none'],
      ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=512:512', '--http-proxy=false', '--init'],
      ...['--user', `${own.runAsUser ?? 0}:${own.runAsGroup ?? 0}`, '--workdir', container.workingDir ?? '/'],
      // The NetworkPolicy that selects the label. Without the label a pod would have the network of its node.
      ...['--network', isolated ? 'none' : 'host', '--hostname', this.spec.hostname ?? this.name],
      ...(own.readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
      ...(own.capabilities?.drop?.includes('ALL') ? ['--cap-drop', 'all'] : []),
      ...(own.allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
      ...['--memory', `${String(container.resources?.limits?.['memory'])}b`],
      ...[...values].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...volumeMounts.flatMap(({ name, mountPath, subPath = '', readOnly = false }) =>
        name === 'task'
          ? ['--mount', `type=bind,source=${join(this.place.volume, subPath)},target=${mountPath},ro=${readOnly}`]
          : ['--tmpfs', `${mountPath}:rw,mode=1777`],
      ),
      ...(command === undefined ? [] : ['--entrypoint', JSON.stringify(command.map((text) => expanded(text, values)))]),
      image,
      ...args.map((text) => expanded(text, values)),
    ];
  }
}

/** Expands `$(NAME)` and `$$` as Kubernetes does. */
function expanded(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (values.get(name) ?? whole),
  );
}

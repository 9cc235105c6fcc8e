import { refusal } from './launch/sandbox-error';
import { tryGroup } from './supervisor-process/memory-group';

/** Tests that the kernel enforces memory limits in child groups. Throws `SANDBOX_CGROUP_UNUSABLE`. */
export function proveCgroup(path: string): void {
  try {
    tryGroup(path);
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    throw refusal('SANDBOX_CGROUP_UNUSABLE', `no control group with a memory limit can be created in ${path}: ${why}`, {
      cause: error,
    });
  }
}

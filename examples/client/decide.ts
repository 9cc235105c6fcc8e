// Decides at the gates that wait for a person, after that person has seen what the decision is about. Runs in browsers and in Node.js.
import { ApiProblem, bodyOf, itemsOf, type Gate, type TaskRunnerClient } from '@taskrunner/client';

/**
 * Asks about each gate that the caller may decide. Returns the status of each of these gates after the decision, or the code of the problem
 * that kept it from a decision: one gate that cannot be read or decided does not keep the others from theirs.
 */
export async function decideGates(
  client: TaskRunnerClient,
  ask: (gate: Gate) => Promise<'approve' | 'reject' | 'later'>,
): Promise<ReadonlyMap<string, string>> {
  const decided = new Map<string, string>();
  const gates = itemsOf((page) =>
    bodyOf(client.api.GET('/api/approvals', { params: { query: { mine: true, ...page } } })),
  );
  for await (const { runId, gateId } of gates) {
    try {
      // With the plan, the difference from the plan that was approved last, and why the caller cannot decide.
      const gate = await client.gate(runId, gateId);
      const answer = gate.canDecide ? await ask(gate) : 'later';
      if (answer === 'later') continue;
      const { status } = await client[answer](gate, { reason: 'read the request' });
      decided.set(`${runId} ${gateId}`, status);
    } catch (error) {
      if (!ApiProblem.is(error) || error.status === 401) throw error;
      decided.set(`${runId} ${gateId}`, error.code);
    }
  }
  return decided;
}

/** The pack that the playground begins with. */
export const EXAMPLE = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: first-try, version: 0.1.0 }
spec:
  inputs:
    - { name: who, type: string, default: world }
  approvals:
    - { id: owners, grants: [packs.approve], minApprovals: 1 }
  steps:
    - id: greet
      run:
        uses: builtin:script
        with: { interpreter: [sh], source: 'echo "hello $1"', args: ["{{ inputs.who }}"] }
    - id: ask
      needs: [greet]
      gate: { approval: owners, message: "Greet everybody else, too?" }
    - id: everybody
      needs: [ask]
      map:
        items: [anna, ben]
        steps:
          - { id: greet, run: { uses: "builtin:noop" } }
`;

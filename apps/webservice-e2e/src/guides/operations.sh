# An operator, an approver, a run that has ended, a pack with a gate, a pack that reads a file.
export TASKRUNNER_CONFIG=$STACK_CONFIGURATION TASKRUNNER_TOKEN=$OPS APPROVER=$GRACE
cat > ended.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ended, version: 1.0.0 }
spec:
  steps: [{ id: prepare, run: { uses: builtin:noop } }, { id: apply, run: { uses: builtin:noop } }]
PACK
cat > pack.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: gated, version: 1.0.0 }
spec:
  inputs: [{ name: target, type: string, required: true }]
  approvals: [{ id: owners, grants: [packs.approve] }]
  steps: [{ id: approve, gate: { approval: owners, message: 'Change {{ inputs.target }}?' } }]
PACK
mkdir reports
cat > reports/pack.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: reports, version: 1.0.0 }
spec:
  inputs: [{ name: report, type: file, required: true }]
  steps: [{ id: keep, run: { uses: builtin:transform, with: { outputs: { size: '{{ inputs.report.size }}' } } } }]
PACK
echo '{ "findings": 0 }' > report.json
RUN=$(npx taskrunner run ended.yaml --detach)
npx taskrunner wait $RUN > run.txt

# Two runs that wait at the gate `review`; Grace is signed in.
cat > gated.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: gated, version: 1.0.0 }
spec:
  approvals: [{ id: owners, grants: [packs.approve] }]
  steps:
    - { id: review, gate: { approval: owners, message: Go on? } }
    - { id: apply, run: { uses: builtin:noop } }
PACK
RUN=$(npx taskrunner run gated.yaml --detach)
OTHER=$(npx taskrunner run gated.yaml --detach)
for one in $RUN $OTHER; do npx taskrunner wait $one --for attention > waiting.txt || [ $? = 8 ]; done
export TASKRUNNER_TOKEN=$GRACE

# A run that has ended, its plan hash, and the trust file.
cat > small.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: small, version: 1.0.0 }
spec:
  steps: [{ id: only, run: { uses: builtin:noop } }]
PACK
PLAN=$(npx taskrunner plan small.yaml --output json | jq -r .planHash)
RUN=$(npx taskrunner run small.yaml --detach)
npx taskrunner wait $RUN > run.txt
cp .taskrunner/trust.json .

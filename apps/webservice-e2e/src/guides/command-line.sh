# A run whose step `find` has the output `count`.
cat > find.yaml <<'PACK'
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: find, version: 1.0.0 }
spec:
  steps: [{ id: find, run: { uses: builtin:transform, with: { outputs: { count: 3 } } } }]
  outputs: [{ name: count, type: integer, value: '{{ steps.find.outputs.count }}' }]
PACK
npx taskrunner run find.yaml > run.txt

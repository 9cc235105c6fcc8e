# A pack, a registry of the stack, and the digest that the pack will have there.
npx taskrunner init demo
REGISTRY=$STACK_REGISTRY

import { packText, planned } from '../../testing/planning';
import { onceSteps } from './once-steps';

const script = (id: string, effects: string) =>
  `- { id: ${id}, effects: ${effects}, run: { uses: "builtin:script", with: { interpreter: [bash], source: "true" } } }`;

function onceIn(steps: string): readonly string[] {
  return onceSteps(planned(packText(steps)).plan);
}

describe('steps that may act once only', () => {
  it('are found in every kind of container, in plan order', () => {
    expect(
      onceIn(`
${script('first', 'once')}
- id: both
  parallel:
    steps:
      ${script('left', 'once')}
      ${script('right', 'idempotent')}
- id: fan
  map:
    items: [1, 2]
    steps:
      ${script('each', 'once')}
- id: choice
  conditional:
    branches:
      - when: "{{ \`true\` }}"
        steps:
          ${script('then', 'once')}
    else:
      ${script('otherwise', 'once')}`),
    ).toEqual(['first', 'left', 'fan::each', 'then', 'otherwise']);
  });

  it('are not those that may begin again', () => {
    expect(onceIn(`${script('a', 'idempotent')}\n- { id: b, run: { uses: "builtin:noop" } }`)).toEqual([]);
  });
});

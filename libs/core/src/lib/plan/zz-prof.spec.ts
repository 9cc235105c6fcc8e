import { readPack } from '../pack/read-pack';
import { NO_FILES } from '../pack/pack-files';
import { buildPlan } from './build-plan';
import { contentDigest } from '../pack/pack-digest';
import { packText, testConfiguration, testEnvironment } from '../../testing/planning';
it('prof', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      i === 0 ? '- { id: s0, run: { uses: "builtin:noop", with: { x: 1 } } }' : `- { id: s${i}, ${i % 7 === 0 ? `needs: [s${i - 1}], ` : ''}when: "{{ steps.s${i - 1}.status == 'succeeded' }}", run: { uses: "builtin:noop", with: { x: "{{ steps.s${i - 1}.outputs.x }}" } } }`,
    );
    const manifest = packText(many.join('\n'));
    for (let k = 0; k < 4; k++) {
    let t = performance.now();
    const pack = readPack(manifest);
    const t1 = performance.now() - t; t = performance.now();
    if (pack.kind === 'refused') throw new Error();
    buildPlan({ pack, files: NO_FILES, inputs: {}, environment: testEnvironment, configuration: testConfiguration });
    const t2 = performance.now() - t; t = performance.now();
    contentDigest(pack.pack, NO_FILES);
    console.log('read', t1, 'build', t2, 'contentDigest', performance.now() - t);
    }
});

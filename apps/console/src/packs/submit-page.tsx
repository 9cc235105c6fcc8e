import '../style/packs.css';
import { Link } from '@tanstack/react-router';
import { readPack } from '@taskrunner/core/pack';
import { useState } from 'react';
import type { Json } from '@taskrunner/core/foundation';
import { digestOf } from '../approvals/canonical';
import { fieldsOfInputs, type Field } from '../form/field';
import { lacks, useHolds } from '../frame/me';
import { Faults, Refusal } from '../frame/refusal';
import { useServices } from '../frame/services';
import { useChange } from '../frame/use-change';
import { sizeText } from '../frame/short';
import { PublishPack } from './publish-pack';
import { RunForm } from './run-form';

/** A pack that a person has chosen, as far as the browser can read it. */
type Chosen =
  | {
      readonly kind: 'manifest';
      readonly name: string;
      readonly manifest: string;
      /** Of the text. */
      readonly digest: string;
      readonly fields: readonly Field[];
    }
  | { readonly kind: 'archive'; readonly file: File }
  | { readonly kind: 'refused'; readonly faults: Parameters<typeof Faults>[0]['faults'] };

/** Runs a pack from a file: a manifest, or an archive of a folder with one. */
export function SubmitPage() {
  const [chosen, choose] = useState<Chosen | null>(null);
  const obstacle = useHolds('packs.run') === false ? lacks('packs.run') : null;
  return (
    <main className="page narrow">
      <p className="trail">
        <Link to="/packs" search={{}}>
          Packs
        </Link>
      </p>
      <h1>Run a pack of your own</h1>
      <p>
        The file is a <code>pack.yaml</code>, or a tar archive (plain or gzip) of a folder that contains one. It runs
        with your rights, and its gates ask people like those of any other pack.
      </p>
      <label className="entry">
        <span className="entry-name">Pack</span>
        <input
          type="file"
          accept=".yaml,.yml,.json,.tar,.tgz,.gz"
          onChange={({ target: { files } }) => {
            choose(null);
            const file = files?.[0];
            if (file !== undefined) void reading(file).then(choose);
          }}
        />
      </label>
      {chosen === null ? null : <Pack chosen={chosen} obstacle={obstacle} />}
    </main>
  );
}

function Pack({ chosen, obstacle }: { readonly chosen: Chosen; readonly obstacle: string | null }) {
  switch (chosen.kind) {
    case 'manifest':
      return (
        <>
          <h2>{chosen.name}</h2>
          <PublishPack name={chosen.name} manifest={chosen.manifest} />
          <RunForm
            key={chosen.digest}
            source={{ manifest: chosen.manifest }}
            fields={chosen.fields}
            digest={chosen.digest}
            obstacle={obstacle}
          />
        </>
      );
    case 'archive':
      return <Archive file={chosen.file} obstacle={obstacle} />;
    case 'refused':
      return (
        <div className="failure" role="alert">
          <p className="failure-code">This is not a pack that could run.</p>
          <Faults faults={chosen.faults} />
        </div>
      );
  }
}

/** An archive goes to the server as it is. Its inputs are not known here, so they are written as JSON. */
function Archive({ file, obstacle }: { readonly file: File; readonly obstacle: string | null }) {
  const { client } = useServices();
  const [inputs, write] = useState('{}');
  const uploading = useChange({
    what: 'the archive',
    send: (_: void, signal) => client.upload(file, { signal }),
  });
  const values = objectIn(inputs);
  return (
    <>
      <h2>
        {file.name} <span className="faint number">{sizeText(file.size)}</span>
      </h2>
      <label className="entry">
        <span className="entry-name">Inputs, as a JSON object</span>
        <textarea
          className="field code"
          rows={6}
          spellCheck={false}
          aria-invalid={values === null}
          value={inputs}
          onChange={({ target }) => write(target.value)}
        />
        {values === null ? <span className="entry-faults">This is not a JSON object.</span> : null}
      </label>
      <Refusal error={uploading.error} />
      {uploading.data === undefined ? (
        <p>
          <button
            type="button"
            className="button"
            disabled={uploading.isPending || obstacle !== null}
            onClick={() => uploading.mutate()}
          >
            {uploading.isPending ? 'Uploading …' : 'Upload it'}
          </button>
        </p>
      ) : (
        <RunForm
          source={{ bundle: { digest: uploading.data.digest } }}
          fields={[]}
          inputs={values ?? {}}
          digest={null}
          obstacle={obstacle ?? (values === null ? 'The inputs are not a JSON object.' : null)}
        />
      )}
    </>
  );
}

async function reading(file: File): Promise<Chosen> {
  if (!/\.(ya?ml|json)$/.test(file.name)) return { kind: 'archive', file };
  const manifest = await file.text();
  // Files of the pack are not here: the server says what is missing.
  const read = readPack(manifest);
  if (read.kind === 'refused') return { kind: 'refused', faults: read.faults };
  const { metadata, spec } = read.pack;
  const inputs = spec.inputs.map((input) => ({
    ...input,
    default: input.default,
    enum: input.enum === null ? null : [...input.enum],
    schema: typeof input.schema === 'string' ? null : input.schema,
  }));
  return {
    kind: 'manifest',
    name: `${metadata.name} ${metadata.version}`,
    manifest,
    digest: await digestOf(manifest),
    fields: fieldsOfInputs(inputs),
  };
}

function objectIn(text: string): Readonly<Record<string, Json>> | null {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, Json>>)
      : null;
  } catch {
    return null;
  }
}

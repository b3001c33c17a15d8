/** Shapes of image-spec's documents, as far as tsrun reads them. Strict in types, silent about members it does not know. */
import * as v from 'valibot';
import { type DiffId, type Digest, isDiffId, isDigest } from '../spec/digest.js';

const DIGEST_GRAMMAR = 'must be sha256: and 64 hexadecimal digits in lower case';

/** To valibot, a list is an object as well. */
const notAList = v.pipe(
  v.unknown(),
  v.check((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be an object'),
);
const object = <const E extends v.ObjectEntries>(entries: E) => v.pipe(notAList, v.object(entries));

const text = v.string('must be a string');
const texts = v.array(text, 'must be a list of strings');
const digest = v.custom<Digest>(isDigest, DIGEST_GRAMMAR);
const size = v.pipe(v.number('must be a number'), v.safeInteger('must be a whole number of bytes'), v.minValue(0, 'must not be negative'));
/** Go's integers: larger ones than JavaScript's are rounded. */
const count = v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(0, 'must not be negative'));
/** RFC 6838 section 4.2. */
const mediaType = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/, 'must be a media type'),
);
const stringMap = v.pipe(notAList, v.record(text, text, 'must be an object of strings'));
/** `{"80/tcp": {}}`: Go's way to write a set. */
const set = v.pipe(notAList, v.record(text, v.pipe(notAList, v.looseObject({}))));

const platform = object({
  architecture: text,
  os: text,
  'os.version': v.exactOptional(text),
  'os.features': v.exactOptional(texts),
  variant: v.exactOptional(text),
});

/** descriptor.md */
const descriptor = object({
  mediaType,
  digest,
  size,
  urls: v.exactOptional(texts),
  annotations: v.exactOptional(stringMap),
  artifactType: v.exactOptional(text),
  platform: v.exactOptional(platform),
});

const absent = (reason: string) => v.optional(v.never(reason));
const schemaVersion = v.literal(2, 'must be 2');

/** image-index.md. CVE-2021-41190: bytes that can be read as a manifest too are refused. */
export const indexSchema = object({
  schemaVersion,
  mediaType: v.exactOptional(mediaType),
  manifests: v.array(descriptor, 'must be a list'),
  annotations: v.exactOptional(stringMap),
  config: absent('does not belong into an index'),
  layers: absent('does not belong into an index'),
  fsLayers: absent('does not belong into an index'),
});

/** manifest.md */
export const manifestSchema = object({
  schemaVersion,
  mediaType: v.exactOptional(mediaType),
  config: descriptor,
  layers: v.array(descriptor, 'must be a list'),
  annotations: v.exactOptional(stringMap),
  manifests: absent('does not belong into a manifest'),
  fsLayers: absent('does not belong into a manifest'),
});

/** config.md. User lands in passwd lookups: no line may be smuggled in. */
export const configSchema = object({
  architecture: text,
  os: text,
  variant: v.exactOptional(text),
  created: v.exactOptional(text),
  author: v.exactOptional(text),
  config: v.exactOptional(
    object({
      User: v.exactOptional(v.pipe(text, v.regex(/^[^\p{Cc}]*$/u, 'must not contain control characters'))),
      ExposedPorts: v.exactOptional(set),
      Env: v.exactOptional(texts),
      Entrypoint: v.exactOptional(texts),
      Cmd: v.exactOptional(texts),
      Volumes: v.exactOptional(set),
      WorkingDir: v.exactOptional(text),
      Labels: v.exactOptional(stringMap),
      StopSignal: v.exactOptional(text),
      Healthcheck: v.exactOptional(
        object({
          Test: v.exactOptional(texts),
          Interval: v.exactOptional(count),
          Timeout: v.exactOptional(count),
          StartPeriod: v.exactOptional(count),
          StartInterval: v.exactOptional(count),
          Retries: v.exactOptional(count),
        }),
      ),
      Shell: v.exactOptional(texts),
    }),
  ),
  rootfs: object({
    type: v.literal('layers', 'must be "layers"'),
    diff_ids: v.array(v.custom<DiffId>(isDiffId, DIGEST_GRAMMAR), 'must be a list'),
  }),
  history: v.exactOptional(
    v.array(
      object({
        created: v.exactOptional(text),
        created_by: v.exactOptional(text),
        author: v.exactOptional(text),
        comment: v.exactOptional(text),
        empty_layer: v.exactOptional(v.boolean('must be true or false')),
      }),
    ),
  ),
});

/** Whichever of the two: enough to tell which. */
export const someDocumentSchema = object({ mediaType: v.exactOptional(mediaType), manifests: v.optional(v.unknown()) });

/** The oci-layout file and docker's manifest.json (`docker save`). */
export const layoutSchema = object({ imageLayoutVersion: v.pipe(text, v.regex(/^1\./, 'must be 1.x')) });
export const dockerArchiveSchema = v.array(
  object({ Config: text, RepoTags: v.exactOptional(texts), Layers: texts }),
  'must be a list of images',
);

/** Annotations of the runtime spec: image-spec conversion.md. Pure. */
import type { ImageConfig } from '../spec/image.js';
import { checkText } from './check.js';
import { ACTED_ON } from './labels.js';

/** The process stays in the groups of who starts it: for tsrun, and for crun. */
export const KEEPS_GROUPS = 'io.tsrun.keeps-groups';
export const CRUN_KEEPS_GROUPS = 'run.oci.keep_original_groups';

/** The image's properties under their standard names, then its labels, then tsrun's own, which always win. */
export function buildAnnotations(
  image: { name: string; config: ImageConfig } | undefined,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries([...new Map([...fromImage(image), ...Object.entries(own)])]);
}

function fromImage(image: { name: string; config: ImageConfig } | undefined): [string, string][] {
  if (!image) return [];
  const { config } = image;
  const standard: [string, string | undefined][] = [
    ['org.opencontainers.image.os', config.os],
    ['org.opencontainers.image.architecture', config.architecture],
    ['org.opencontainers.image.variant', config.variant],
    ['org.opencontainers.image.author', config.author],
    ['org.opencontainers.image.created', config.created],
    ['org.opencontainers.image.stopSignal', config.config?.StopSignal],
    ['io.tsrun.image', image.name],
  ];
  // A label may say more about itself than the conversion does.
  const labels = Object.entries(config.config?.Labels ?? {}).filter(([name]) => !ACTED_ON.test(name));
  return [...standard.filter(([, value]) => value), ...labels].map(([name, value]) => [
    checkText(name, 'a label of the image'),
    checkText(value ?? '', `${name} of the image`),
  ]);
}

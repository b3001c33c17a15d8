/** `--isolation landlock`: image config + options → runtime spec. Pure. */
import { confinedSeccomp } from '../security/seccomp/confined.js';
import { withFakeRoot } from '../security/seccomp/fake-root.js';
import { OCI_VERSION, type RuntimeSpec } from '../spec/runtime.js';
import { buildAnnotations } from './annotations.js';
import type { BuildInput, Built } from './build.js';
import { type Ids, MODE } from './confined-options.js';
import { buildEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import { labelAnnotations } from './labels.js';
import { parseUlimits } from './limits.js';
import { type Placing, placeOf } from './place.js';
import { buildArgs, buildCwd } from './process.js';
import { parseUmask } from './situation.js';
import { resolveUser } from './user.js';

export interface ConfinedBuildInput
  extends Pick<
    BuildInput,
    'image' | 'options' | 'command' | 'ids' | 'passwd' | 'group' | 'envFiles' | 'labelFiles' | 'host' | 'terminal' | 'annotations'
  > {
  own: Ids;
  /** Where its root file system lies on the host; may hold slot('id'). */
  root: string;
  volumes: Omit<Placing, 'root'>;
  /** Directories of the image's libraries, besides the usual ones. */
  libraries: readonly string[];
  offline: boolean;
}

/** Args and working directory are paths of the container, as with namespaces; what is in its environment the command takes as it is. */
export function buildConfined(input: ConfinedBuildInput): Pick<Built, 'spec' | 'notes'> {
  const { image, options, ids, host, own, offline } = input;
  const config = image?.config.config;
  const limits = parseUlimits(options.ulimit ?? [], host.limits ?? '');
  const fakeRoot = options.fakeRoot ?? false;
  const seccomp = confinedSeccomp({ arch: host.arch, kernel: host.kernel }, { offline, fakeRoot });
  const spec: RuntimeSpec = {
    ociVersion: OCI_VERSION,
    process: {
      terminal: input.terminal,
      user: { ...own, ...(options.umask === undefined ? {} : { umask: parseUmask(options.umask) }) },
      args: buildArgs(config, options.entrypoint, input.command),
      ...(limits.length > 0 ? { rlimits: limits } : {}),
      env: confinedEnv(input),
      cwd: buildCwd(config, options.workdir),
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      noNewPrivileges: true,
    },
    root: { path: 'overlay/root', readonly: options.readOnly ?? false },
    mounts: [],
    linux: { namespaces: [], seccomp: fakeRoot ? withFakeRoot(seccomp, ids) : seccomp },
    annotations: buildAnnotations(image, {
      'io.tsrun.owners': ids.owners,
      ...labelAnnotations({
        labels: options.label ?? [],
        files: input.labelFiles ?? [],
        annotations: options.annotation ?? [],
        image: config?.Labels,
      }),
      ...input.annotations,
    }),
  };
  return { spec, notes: [confinedNote(input), ...unhonoured(input)] };
}

/** What this mode lacks, in every run. */
function confinedNote({ offline }: ConfinedBuildInput): string {
  const network = offline ? 'it has no network' : 'its network is the host’s, loopback included';
  return `${MODE}: weaker, for there are no namespaces: the container is a process of yours among the host’s; ${network}; paths are the host’s, of which it reaches its own root ($TSRUN_ROOTFS), volumes and a few devices`;
}

/** Of the image. */
function unhonoured({ image, options, own }: ConfinedBuildInput): string[] {
  const { User = '', Healthcheck, Volumes } = image?.config.config ?? {};
  const asked = [
    ...(User === '' || User === `${own.uid}` ? [] : [`its user ${JSON.stringify(User)}: the command runs as you`]),
    ...(Healthcheck && !options.noHealthcheck ? ['its health check: there is none'] : []),
    ...(Volumes && Object.keys(Volumes).length > 0 ? ['its volumes: they are directories of the container'] : []),
  ];
  return asked.length === 0 ? [] : [`${MODE} leaves out of the image ${asked.join('; ')}`];
}

const LIBRARIES: Record<'x64' | 'arm64', string> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** Of the variables those that lead programs and loaders to files lead into the root; the rest is the image's. */
function confinedEnv(input: ConfinedBuildInput): string[] {
  const { image, options, host, root, terminal, volumes } = input;
  const place = { root, ...volumes };
  const entries = buildEnv({
    image: image?.config.config?.Env ?? [],
    files: input.envFiles.flatMap(({ path, text }) => parseEnvFile(text, path)),
    options: options.env ?? [],
    callerNames: host.envNames,
    home: resolveUser('', input.passwd, input.group).home,
    hostname: host.hostname ?? '',
    terminal,
    host: host.copied ?? [],
    unset: options.unsetenvAll ? 'all' : (options.unsetenv ?? []),
  });
  const variables = new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const placed = (paths: string) => paths.split(':').map((path) => (path.startsWith('/') ? placeOf(place, path) : path));
  for (const name of ['PATH', 'HOME', 'TMPDIR']) {
    const value = variables.get(name);
    if (value !== undefined) variables.set(name, placed(value).join(':'));
  }
  const usual = [
    '/usr/local/lib',
    ...['/lib', '/usr/lib'].flatMap((directory) => [`${directory}/${LIBRARIES[host.arch]}`, `${directory}64`, directory]),
  ];
  const own = variables.get('LD_LIBRARY_PATH');
  variables.set('LD_LIBRARY_PATH', placed([...(own ? [own] : []), ...input.libraries, ...usual].join(':')).join(':'));
  if (!variables.has('TMPDIR')) variables.set('TMPDIR', placeOf(place, '/tmp'));
  variables.set('TSRUN_ROOTFS', root);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

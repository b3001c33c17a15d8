/** What an image says of how it is run, when it is made of a container: what that one's image says, and what was asked for when it was made. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { parseHealth } from '../container/parse-health.js';
import { parseSignal } from '../container/parse-settings.js';
import type { Changeable } from '../image/change.js';
import type { ContainerSettings } from '../plan/settings.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { labelsOf } from './container-details.js';
import { healthcheckOf, signalName } from './docker-container.js';

/** As docker's commit takes the container's Config: not its limits, mounts or network. */
export function committedConfig(image: Changeable, spec: RuntimeSpec, settings: ContainerSettings): Changeable {
  const { written, ports } = settings;
  const cwd = spec.process?.cwd ?? '/';
  const labels = { ...image.Labels, ...labelsOf(spec) };
  const exposed = Object.fromEntries(ports.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]));
  const { Entrypoint: _entrypoint, Cmd: _cmd, User: _user, ...kept } = image;
  return {
    ...kept,
    ...(written ? wordsOf(written) : wordsOf({ user: image.User ?? '', entrypoint: image.Entrypoint ?? [], cmd: image.Cmd ?? [] })),
    ...environmentOf(image, spec.process?.env ?? [], written?.env ?? []),
    ...(cwd === '/' && !image.WorkingDir ? {} : { WorkingDir: cwd }),
    ...(Object.keys(labels).length > 0 ? { Labels: labels } : {}),
    ...(ports.length > 0 ? { ExposedPorts: { ...image.ExposedPorts, ...exposed } } : {}),
    ...(settings.stopSignal === parseSignal(image.StopSignal ?? 'SIGTERM') ? {} : { StopSignal: signalName(settings.stopSignal) }),
    ...healthOf(image, settings.health),
  };
}

function wordsOf({ user, entrypoint, cmd }: NonNullable<ContainerSettings['written']>): Changeable {
  return {
    ...(user ? { User: user } : {}),
    ...(entrypoint.length > 0 ? { Entrypoint: [...entrypoint] } : {}),
    ...(cmd.length > 0 ? { Cmd: [...cmd] } : {}),
  };
}

/** The image's and what was asked for by name: what tsrun sets, and what comes from the caller as a whole (--env-host), is this run's. */
function environmentOf({ Env = [] }: Changeable, has: readonly string[], asked: readonly string[]): { Env?: string[] } {
  const values = new Map(has.map((text) => [nameOf(text), text]));
  const own = new Set(asked);
  const inherited = Env.flatMap((text) => {
    const name = nameOf(text);
    const value = values.get(name);
    return value === undefined ? [] : [own.has(name) ? value : text];
  });
  const names = new Set(Env.map(nameOf));
  const added = asked.flatMap((name) => (names.has(name) ? [] : [values.get(name) ?? []])).flat();
  return inherited.length + added.length === 0 && Env.length === 0 ? {} : { Env: [...inherited, ...added] };
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] ?? '';
}

/** As the image has it, unless another was asked for. */
function healthOf({ Healthcheck, Shell }: Changeable, health: ContainerSettings['health']): Pick<Changeable, 'Healthcheck'> {
  if (isDeepStrictEqual(health, parseHealth({}, Healthcheck ?? undefined, Shell ?? undefined))) return {};
  return { Healthcheck: health ? healthcheckOf(health) : { Test: ['NONE'] } };
}

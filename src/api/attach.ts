/** `attach`: our streams become those of a container that runs. */
import { isatty } from 'node:tty';
import { parseDetachKeys } from '../container/detach-keys.js';
import { settingsOf } from '../container/settings.js';
import { compileAttachPlan } from '../plan/control.js';
import { type Compiled, compiled } from './compiled.js';
import { runningContainer } from './existing-container.js';
import type { CommonOptions } from './options.js';
import { eventSource } from './record.js';
import { openSession } from './session.js';

export interface AttachOptions extends CommonOptions {
  /** Such as `ctrl-a,d`; default `ctrl-p,ctrl-q`. */
  detachKeys?: string | undefined;
  noStdin?: boolean;
  /** Default: true. */
  sigProxy?: boolean;
}

/** For the helper that forked this process. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_STOPPED, ERR_TSRUN_USAGE */
export async function compileAttach(name: string, options: AttachOptions): Promise<Compiled> {
  const { paths } = openSession(options);
  const detachKeys = parseDetachKeys(options.detachKeys);
  const { container, spec } = runningContainer(paths, name);
  const { interactive } = settingsOf(paths, spec, container.name);
  return compiled(
    compileAttachPlan({
      events: eventSource(paths, container, spec),
      runDir: paths.runOf(container.id),
      input: interactive && !options.noStdin,
      terminal: spec.process?.terminal ?? false,
      ownTerminal: isatty(0),
      signals: options.sigProxy ?? true,
      detachKeys,
    }),
  );
}

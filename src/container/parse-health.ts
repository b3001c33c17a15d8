/** docker's health flags, and an image's HEALTHCHECK, as the health check of a container. Pure. */
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import type { HealthCheck } from '../plan/settings.js';
import { parseDuration } from '../spec/duration.js';
import type { ImageHealthcheck } from '../spec/image.js';

export type HealthOptions = Pick<
  RunOptions,
  'healthCmd' | 'healthInterval' | 'healthTimeout' | 'healthStartPeriod' | 'healthStartInterval' | 'healthRetries' | 'noHealthcheck'
>;

/** docker's. */
const DEFAULTS = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5_000, retries: 3 };
const NANOSECONDS = 1e6;

/**
 * What is asked for overrules the image's, each by itself.
 * @param shell the image's SHELL, in which a check that is one text is run
 * @throws ERR_TSRUN_USAGE
 */
export function parseHealth(
  options: HealthOptions,
  image: ImageHealthcheck | undefined,
  shell?: readonly string[],
): HealthCheck | undefined {
  const times = {
    interval: timeOf('--health-interval', options.healthInterval, image?.Interval) ?? DEFAULTS.interval,
    timeout: timeOf('--health-timeout', options.healthTimeout, image?.Timeout) ?? DEFAULTS.timeout,
    startPeriod: timeOf('--health-start-period', options.healthStartPeriod, image?.StartPeriod) ?? DEFAULTS.startPeriod,
    startInterval: timeOf('--health-start-interval', options.healthStartInterval, image?.StartInterval) ?? DEFAULTS.startInterval,
  };
  const { healthRetries = image?.Retries } = options;
  if (healthRetries !== undefined && (!Number.isSafeInteger(healthRetries) || healthRetries < 0))
    throw refused('--health-retries', String(healthRetries), 'it is a number of checks');
  if (options.noHealthcheck) {
    const { healthCmd, healthInterval, healthTimeout, healthStartPeriod, healthStartInterval } = options;
    const others = [healthCmd, healthInterval, healthTimeout, healthStartPeriod, healthStartInterval, options.healthRetries];
    if (others.some((value) => value !== undefined))
      throw new TsrunError('ERR_TSRUN_USAGE', '--no-healthcheck conflicts with --health-* options', { hint: 'leave out one of them' });
    return undefined;
  }
  const test = options.healthCmd === undefined ? imageTest(image?.Test, shell) : ownTest(options.healthCmd, shell);
  return test && { test, ...times, retries: healthRetries || DEFAULTS.retries };
}

/** Docker's JSON has nanoseconds, and 0 for the default. */
function timeOf(flag: string, text: string | undefined, nanoseconds: number | undefined): number | undefined {
  if (text === undefined) return nanoseconds ? Math.max(1, Math.round(nanoseconds / NANOSECONDS)) : undefined;
  const time = parseDuration(text);
  if (time === undefined) throw refused(flag, text, 'use a time such as 30s or 1m30s');
  if (time > 0 && time < 1) throw refused(flag, text, 'it cannot be less than 1ms');
  return time === 0 ? undefined : Math.round(time);
}

/** A text is the shell's; podman's `none`, and nothing, are no check; podman's JSON list is a command, as an array is. */
function ownTest(command: string | string[], shell: readonly string[] | undefined): string[] | undefined {
  if (typeof command !== 'string') return command.length === 0 ? undefined : command;
  if (command === '' || command === 'none') return undefined;
  const list = command.startsWith('[') ? jsonList(command) : undefined;
  return list ? imageTest(['CMD', 'CMD-SHELL', 'NONE'].includes(list[0] ?? '') ? list : ['CMD', ...list], shell) : inShell(command, shell);
}

function imageTest([kind, ...words]: readonly string[] = [], shell: readonly string[] | undefined): string[] | undefined {
  if (kind === 'CMD-SHELL' && words[0] !== undefined) return inShell(words[0], shell);
  return kind === 'CMD' && words.length > 0 ? words : undefined;
}

function inShell(text: string, shell: readonly string[] = ['/bin/sh', '-c']): string[] {
  return [...(shell.length > 0 ? shell : ['/bin/sh', '-c']), text];
}

function jsonList(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function refused(flag: string, text: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `invalid argument ${JSON.stringify(text)} for "${flag}"`, { subject: text, hint });
}

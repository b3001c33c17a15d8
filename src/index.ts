/** The public surface of tsrun: everything the command line does, as typed functions. */

export { type LoggedIn, type LoginOptions, loggedInAs, login, logout, logoutAll } from './api/accounts.js';
export { type AttachOptions, compileAttach } from './api/attach.js';
export { type BundleOptions, writeBundle } from './api/bundle.js';
export type { Problem } from './api/check-places.js';
export { type CheckStoreOptions, checkStore, type StoreCheck, type StoreFinding } from './api/check-store.js';
export { type CommitOptions, commitContainer } from './api/commit.js';
export { compileCreate, compileRun } from './api/compile-run.js';
export type { Compiled } from './api/compiled.js';
export type { ContainerDetails, ContainerMountSummary, ContainerPort } from './api/container-details.js';
export {
  type ContainerInspection,
  type ContainerSummary,
  containers,
  inspectContainer,
  removeContainer,
  renameContainer,
  sizeOfContainer,
} from './api/containers.js';
export {
  killContainer,
  pauseContainer,
  restartContainer,
  stopContainer,
  unpauseContainer,
  waitContainer,
} from './api/control.js';
export {
  archiveFromContainer,
  archiveToContainer,
  type Copied,
  type CopyInOptions,
  type CopyOptions,
  copyFromContainer,
  copyToContainer,
} from './api/copy.js';
export { type ContainerChange, containerChanges } from './api/diff.js';
export { type DiskUsage, diskUsage, type Usage } from './api/disk-usage.js';
export { type DockerContainer, dockerContainer } from './api/docker-container.js';
export { doctor, doctorAppArmorProfile, doctorSeccompProfile } from './api/doctor.js';
export { type EventsOptions, events, type StoreEvent } from './api/events.js';
export { compileExec, exec, execDetached } from './api/exec.js';
export { explainFailure } from './api/explain.js';
export { exportContainer } from './api/export.js';
export { type Collected, type GcOptions, gc } from './api/gc.js';
export { type GlimpsedContainer, glanceAtContainers, glanceAtImages, glanceAtVolumes } from './api/glance.js';
export { type ImageHistoryStep, imageHistory } from './api/history.js';
export {
  type ImageInspection,
  type ImageSummary,
  type InspectImageOptions,
  images,
  inspectImage,
  pull,
  removeImage,
} from './api/images.js';
export { type ImportOptions, importImage, type MadeImage } from './api/import.js';
export { type LoadOptions, loadImages } from './api/load.js';
export { type LogEntry, type LogsOptions, logs } from './api/logs.js';
export type {
  CommonOptions,
  CopyImageOptions,
  ExecOptions,
  PullEvent,
  PullOptions,
  PullPolicy,
  PushOptions,
  RegistryOptions,
  RunOptions,
  SendEvent,
  SendOptions,
} from './api/options.js';
export { containerPorts, type OpenPort } from './api/port.js';
export { type Pruned, pruneContainers, pruneSystem, type SystemPruned, type SystemPruneOptions } from './api/prune.js';
export { type PrunedImages, type PruneImagesOptions, pruneImages } from './api/prune-images.js';
export { resetSystem, type StoreContents, storeContents } from './api/reset.js';
export { createContainer, run, runDetached } from './api/run.js';
export type { RunningContainer, RunningProcess } from './api/running.js';
export { type ArchiveFormat, type SavedImage, type SaveOptions, saveImages } from './api/save.js';
export { searchTags } from './api/search-tags.js';
export { copyImage, push, type SentImage } from './api/send.js';
export { compileStart, startContainer } from './api/start.js';
export { type ContainerStats, type StatsOptions, stats } from './api/stats.js';
export { generateSystemd, type SystemdOptions } from './api/systemd.js';
export { tagImage, untagImage } from './api/tag.js';
export { type ContainerProcess, containerProcesses } from './api/top.js';
export { type Owners, type UnpackOptions, unpackImage } from './api/unpack.js';
export type { ImageUsage } from './api/usage-images.js';
export type { ContainerUsage, LayerUsage, LeftoverUsage, VolumeUsage } from './api/usage-places.js';
export {
  createVolume,
  inspectVolume,
  pruneVolumes,
  removeVolume,
  type VolumeInspection,
  type VolumeSummary,
  volumes,
} from './api/volumes.js';
export type { DoctorCheck, DoctorCheckName, DoctorReport } from './doctor/report.js';
export { ERROR_CODES, type ErrorCode, TsrunError } from './errors.js';
export { splitArgument } from './files/path.js';
export { assertPlanFits } from './runtime/plan-size.js';
export { CAPABILITIES } from './security/capabilities.js';

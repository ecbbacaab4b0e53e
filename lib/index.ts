export { equal, type Finding, holds, undecided } from './plan/check.ts'
export type { Checkup, DoctorLine } from './plan/checkup.ts'
export type { MeasureContext, StepContext, Stopped, WorkContext } from './plan/context.ts'
export type { Handle } from './plan/handle.ts'
export type { Json } from './plan/json.ts'
export {
  atLeast,
  atMost,
  higher,
  lower,
  noWorseThanBaseline,
  type Quantity,
  quantity,
  timesOf,
} from './plan/metric.ts'
export { flag, integer, oneOf, type Param, param, text } from './plan/param.ts'
export { path, withHome } from './plan/path-param.ts'
export { definePlan, type Plan } from './plan/plan.ts'
export { cannot, Failure, messageOf, Problem } from './plan/problem.ts'
export type { RunningService, Service, ServiceContext } from './plan/service.ts'
export { defineTask, type Task, type TaskContext } from './plan/task.ts'
export { below } from './record/below.ts'
export { entriesBelow } from './record/folder.ts'
export { whenAlone } from './record/lock.ts'
export type { OpenResultsPlace, ResultsFile, ResultsPlace } from './record/results-place.ts'
export type {
  OpenTrackingPlace,
  ShownRun,
  TrackedRun,
  TrackedSample,
  TrackedText,
  TrackingPlace,
} from './record/tracking-place.ts'

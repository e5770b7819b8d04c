/**
 * Failing disks, logs and JVMs. {@link io.forebay.store.harness.fault.FaultScenario} are small stories;
 * {@link io.forebay.store.harness.fault.FaultRun} plays one on a store while the n-th operation on files fails, knows what must be
 * there afterwards, and {@link io.forebay.store.harness.fault.JvmErrorRun} does so while the heap or the stack ends instead.
 * {@code FailedLogSweepTest} lets each operation on a write-ahead log fail, and each of the repair after it.
 */
package io.forebay.store.harness.fault;

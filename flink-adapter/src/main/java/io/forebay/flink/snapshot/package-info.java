/**
 * Snapshots of a backend: native ones, made of the store's own files, and savepoints in Flink's canonical format. The
 * task thread fixes the moment of the snapshot; another thread does the rest. Out: state handles, for the JobManager.
 * Invariant: a snapshot names only files that it has uploaded itself, or that belong to the last completed checkpoint.
 */
package io.forebay.flink.snapshot;

/**
 * Opening a backend with state: without any, from native snapshots clipped to the key groups of the backend, from
 * savepoints in canonical format, or from both. In: state handles. Out: an open store, and filled registries. Threads:
 * that of the task, and a few for downloads.
 */
package io.forebay.flink.restore;

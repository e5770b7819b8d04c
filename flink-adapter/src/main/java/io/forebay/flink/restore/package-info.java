/**
 * Opening a backend with state: from nothing, from native snapshots clipped to the key groups of the backend, or from
 * savepoints in canonical format. State handles enter, an open store and filled registries leave. Task thread, with a few
 * threads for downloads.
 */
package io.forebay.flink.restore;

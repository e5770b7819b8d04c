/** The Flink half of the demo: a job on a MiniCluster, failed, stopped, rescaled, and checked. */
package io.forebay.examples.flink;

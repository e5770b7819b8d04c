/**
 * The Flink half of the demo: a job on a MiniCluster. It is made to fail, stopped, rescaled, and its results are checked.
 */
package io.forebay.examples.flink;

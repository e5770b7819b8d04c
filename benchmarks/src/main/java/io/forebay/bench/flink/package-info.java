/**
 * Keyed state through Flink's state backends: what an operator calls, so key and value serializers, namespaces and timers are in
 * the figures. In go a configuration per contender and the scale of a scenario, out come the works of the trial. Scenarios use the
 * thread that plays them, as a task does.
 */
package io.forebay.bench.flink;
